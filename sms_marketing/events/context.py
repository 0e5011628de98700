"""What a message may say about an event: plain values, frozen when it happened."""

from __future__ import annotations

from typing import Any

from sms_marketing.models import Event

#: Events of these families have a name of their own in a text: {{ order.number }}.
FAMILIES = ("order", "cart")


def merge_context(event: Event) -> dict[str, Any]:
    """Return the merge fields of an event: under "event", and "order" or "cart"."""
    facts = {**event.properties, "name": event.name}
    family = event.name.partition("_")[0]
    names = ("event", family) if family in FAMILIES else ("event",)
    return {name: dict(facts) for name in names}
