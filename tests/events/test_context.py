"""Merge fields of an event are plain values under names of their own."""

from __future__ import annotations

import pytest

from sms_marketing.events import merge_context
from sms_marketing.models import Event


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("order_placed", {"event", "order"}),
        ("cart_updated", {"event", "cart"}),
        ("booked", {"event"}),
    ],
)
def test_an_events_family_names_its_fields(name: str, fields: set[str]) -> None:
    context = merge_context(Event(name=name, properties={"number": "5"}))

    assert set(context) == fields
    assert all(facts == {"number": "5", "name": name} for facts in context.values())
