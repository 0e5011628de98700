"""What a marketer would have made before the story begins: senders, audience, texts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from example_project.demo.screen import Screen
from example_project.seed import past_orders, seed
from example_project.shop.consent import current_wording
from example_project.shop.models import Customer, Product
from sms_marketing import contacts, events, journeys, sending
from sms_marketing.models import (
    Brand,
    Campaign,
    Journey,
    Price,
    Segment,
    Sender,
    Variant,
)
from sms_marketing.timing import Hours

PRICE = Decimal("0.0420")
#: A cart is "abandoned" after so many seconds here; an hour in a real shop.
IDLE_SECONDS = 4
#: Of 100 customers so many have consented; the others must get nothing.
CONSENTING = 80
TEXTS = {
    "lv": (
        "Sveiki, {{ first_name | default: 'draugs' }}! Juras nedela: -20% visam "
        "pirts precem lidz svetdienai. {shop}/?category=bath"
    ),
    "en": (
        "Hello {{ first_name | default: 'friend' }}! Seaside week: 20% off all sauna "
        "goods until Sunday. {shop}/?category=bath"
    ),
    "ru": (
        "{{ first_name | default: 'Здравствуйте' }}, неделя моря: -20% на всё для "
        "бани. {shop}/?category=bath"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the story plays with."""

    brand: Brand
    sender: Sender
    campaign: Campaign
    segment: Segment
    customers: int
    consenting: int
    slugs: tuple[str, ...]


def prepare(*, customers: int, shop_url: str, screen: Screen) -> Scene:
    """Fill the shop and the marketer's desk; nothing is sent yet."""
    brand = _brand()
    sender = _sender(brand)
    seed(contacts=customers)
    # One transaction: SQLite writes to disk once instead of once a person.
    with transaction.atomic():
        consenting = _contacts(brand, screen)
        for order in past_orders():
            events.record(order, starts_journeys=False)
    _journeys(brand, sender)
    segment = _segment()
    campaign = _campaign(brand, sender, segment, shop_url=shop_url)
    _staff()
    return Scene(
        brand=brand,
        sender=sender,
        campaign=campaign,
        segment=segment,
        customers=customers,
        consenting=consenting,
        slugs=tuple(Product.objects.values_list("slug", flat=True)),
    )


def _brand() -> Brand:
    brand = Brand.objects.get_default()
    brand.name = "Vejs & Sals"
    brand.legal_name = "Vējš & Sāls SIA"
    brand.contact_email = "sveiki@vejs-sals.example"
    # So that the demo runs at night too; the screen says so.
    brand.hours = Hours.always().to_json()
    brand.save()
    return brand


def _sender(brand: Brand) -> Sender:
    sender, _created = Sender.objects.get_or_create(
        provider="default",
        address="+37129000001",
        defaults={"brand": brand, "kind": Sender.Kind.NUMBER},
    )
    Price.objects.get_or_create(
        brand=brand,
        sender=sender,
        country="",
        valid_from=timezone.localdate() - timedelta(days=1),
        defaults={"amount": PRICE},
    )
    return sender


def _contacts(brand: Brand, screen: Screen) -> int:
    """Each customer becomes a contact; most of them with consent and its evidence."""
    consenting = 0
    customers = Customer.objects.order_by("pk")
    for number, customer in enumerate(customers):
        screen.progress("customers become contacts", number + 1, len(customers))
        profile = {
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "city": customer.city,
            "language": customer.language,
            "birth_date": customer.birth_date,
            "interests": customer.interests,
            "source": "shop.Customer",
            "external_id": str(customer.pk),
        }
        # 7 spreads them over all endings of numbers, which decide their fate.
        if number * 7 % 100 >= CONSENTING:
            contacts.upsert(phone=customer.phone, **profile)
            continue
        wording = current_wording(customer.language)
        contacts.opt_in(
            customer.phone,
            method="web_form",
            wording=wording.text,
            wording_language=wording.language,
            evidence={"form": "demo", "checkbox_default": "unticked"},
            brand=brand,
            profile=profile,
        )
        consenting += 1
    return consenting


def _journeys(brand: Brand, sender: Sender) -> None:
    journeys.ensure_ready_made(brand)
    for journey in Journey.objects.filter(brand=brand):
        journey.sender = sender
        journey.save(update_fields=["sender"])
        journey.steps.filter(kind="wait").update(wait_seconds=IDLE_SECONDS)
        journeys.activate(journey)


def _segment() -> Segment:
    segment, _created = Segment.objects.get_or_create(
        name="Bath & sauna, or Rīga",
        defaults={
            "rules": {
                "any": [
                    {"kind": "interest", "op": "has", "value": ["bath"]},
                    {"kind": "city", "op": "is", "value": "Rīga"},
                    {"kind": "purchase_count", "op": "at_least", "value": 1},
                ]
            }
        },
    )
    return segment


def _campaign(
    brand: Brand, sender: Sender, segment: Segment, *, shop_url: str
) -> Campaign:
    campaign = Campaign.objects.create(brand=brand, name="Seaside week", sender=sender)
    campaign.segments.add(segment)
    variant = Variant.objects.create(campaign=campaign)
    for language, text in TEXTS.items():
        sending.save_body(
            variant, language=language, text=text.replace("{shop}", shop_url)
        )
    return campaign


def _staff() -> None:
    users = get_user_model()._default_manager
    if not users.filter(username="admin").exists():
        users.create_superuser("admin", "admin@vejs-sals.example", "admin")
