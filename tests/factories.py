"""Plain builders of rows for tests: each fills in what the test does not care for."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from sms_marketing import contacts
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Campaign,
    Category,
    Contact,
    Message,
    MessageStatus,
    Price,
    Priority,
    Purchase,
    Segment,
    Sender,
    Variant,
    VariantBody,
)
from sms_marketing.timing import Hours

_numbers = count(1)
ALWAYS = Hours.always().to_json()


def make_brand(**over: Any) -> Brand:
    """The default brand, open all day, changed as asked."""
    brand = Brand.objects.get_default()
    for name, value in {"name": "VSTe", "hours": ALWAYS, **over}.items():
        setattr(brand, name, value)
    brand.save()
    return brand


def next_phone() -> str:
    """A valid Latvian mobile number that no other test row has."""
    return f"+37120{next(_numbers):06d}"


def make_sender(**over: Any) -> Sender:
    """A two-way number of the default brand with a price of 0.05 EUR a part."""
    values = {
        "brand": over.pop("brand", None) or make_brand(),
        "address": f"+37129{next(_numbers):06d}",
        "kind": Sender.Kind.NUMBER,
        **over,
    }
    sender = Sender.objects.create(**values)
    Price.objects.create(
        brand=sender.brand,
        sender=sender,
        amount=Decimal("0.05"),
        valid_from=clock.now().date() - timedelta(days=30),
    )
    return sender


def make_contact(*, consent: bool = True, **over: Any) -> Contact:
    """A contact named Anna in Rīga, with consent unless told otherwise."""
    phone = over.pop("phone", None) or next_phone()
    fields = {"first_name": "Anna", "city": "Rīga", "language": "lv", **over}
    contact = contacts.upsert(phone=phone, **fields)
    if consent:
        contacts.opt_in(
            phone, method="web_form", wording="Piekrītu saņemt SMS.", topic=""
        )
        contact.refresh_from_db()
    return contact


def make_segment(rules: dict[str, Any] | None = None, **over: Any) -> Segment:
    """Everybody, unless rules are given."""
    return Segment.objects.create(**{"name": "All", "rules": rules or {}, **over})


def make_campaign(*, text: str = "Sveiki, {{ first_name }}!", **over: Any) -> Campaign:
    """A draft to everybody with one Latvian text."""
    sender = over.pop("sender", None) or make_sender()
    segment = over.pop("segment", None) or make_segment()
    values = {"name": "Spring", "brand": sender.brand, "sender": sender, **over}
    campaign = Campaign.objects.create(**values)
    campaign.segments.add(segment)
    variant = Variant.objects.create(campaign=campaign)
    VariantBody.objects.create(variant=variant, language="lv", text=text)
    return campaign


def make_message(**over: Any) -> Message:
    """A queued service message, due now."""
    contact = over.pop("contact", None) or make_contact()
    sender = over.pop("sender", None) or make_sender()
    values = {
        "brand": sender.brand,
        "category": Category.TRANSACTIONAL,
        "priority": Priority.TRANSACTIONAL,
        "contact": contact,
        "to_phone": contact.phone,
        "sender": sender,
        "status": MessageStatus.QUEUED,
        "body": "Paldies!",
        "language": "lv",
        "due_at": clock.now() - timedelta(seconds=1),
        "created_at": clock.now(),
        **over,
    }
    return Message.objects.create(**values)


def make_purchase(**over: Any) -> Purchase:
    """A purchase of 20 EUR, now."""
    amount = over.pop("amount", Decimal("20.00"))
    values = {
        "brand": over.pop("brand", None) or Brand.objects.get_default(),
        "source": "test.Order",
        "external_id": str(next(_numbers)),
        "currency": "EUR",
        "amount": amount,
        "base_currency": "EUR",
        "net_amount": amount,
        "placed_at": clock.now(),
        **over,
    }
    return Purchase.objects.create(**values)


__all__ = [
    "ALWAYS",
    "make_brand",
    "make_campaign",
    "make_contact",
    "make_message",
    "make_purchase",
    "make_segment",
    "make_sender",
    "next_phone",
]
