"""Journeys for tests: an order's message, a cart's reminder, and their events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sms_marketing import events
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Category,
    Contact,
    Enrollment,
    Event,
    Journey,
    JourneyStatus,
    Step,
    Variant,
    VariantBody,
)

Plan = Sequence[int | str]


def make_journey(plan: Plan = ("Paldies!",), **over: Any) -> Journey:
    """A live journey: a number is a wait in seconds, a text is a message."""
    values = {
        "brand": over.pop("brand", None) or Brand.objects.get_default(),
        "code": f"journey-{Journey.objects.count()}",
        "name": "Test",
        "status": JourneyStatus.LIVE,
        "category": Category.TRANSACTIONAL,
        "trigger_event": "order_placed",
        **over,
    }
    journey = Journey.objects.create(**values)
    for position, item in enumerate(plan, start=1):
        if isinstance(item, int):
            journey.steps.create(
                position=position, kind=Step.Kind.WAIT, wait_seconds=item
            )
        else:
            step = journey.steps.create(position=position, kind=Step.Kind.SEND)
            variant = Variant.objects.create(step=step)
            VariantBody.objects.create(variant=variant, language="lv", text=item)
    return journey


def make_cart_journey(plan: Plan = (3600, "Grozs gaida!"), **over: Any) -> Journey:
    """The abandoned cart, without a guard unless one is named."""
    values = {
        "category": Category.MARKETING,
        "trigger_event": "cart_updated",
        "exit_events": ["order_placed"],
        "restarts": True,
        **over,
    }
    return make_journey(plan, **values)


def ago(**time: float) -> datetime:
    return clock.now() - timedelta(**time)


def touch(contact: Contact | None, cart: str = "1", **over: Any) -> Event:
    """A cart was changed."""
    return _track(contact, "cart_updated", "shop.Cart", cart, **over)


def order(contact: Contact | None, number: str = "1", **over: Any) -> Event:
    """An order was placed."""
    return _track(contact, "order_placed", "shop.Order", number, **over)


def enrollments() -> dict[str, str]:
    """Status by key."""
    return dict(Enrollment.objects.values_list("key", "status"))


def make_due(**over: Any) -> None:
    """All waits are over."""
    active = Enrollment.objects.filter(due_at__isnull=False)
    active.update(**{"due_at": ago(seconds=1), **over})


def _track(
    contact: Contact | None, name: str, label: str, number: str, **over: Any
) -> Event:
    properties = {"number": number, **over.pop("p", {})}
    values = {"object_label": label, "object_id": number, **over}
    event = events.track(contact, name, properties, **values)
    assert event is not None
    return event
