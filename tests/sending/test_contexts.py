"""Merge fields: only what is asked for, in a constant number of queries."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from sms_marketing import sending
from sms_marketing.models import PurchaseLine, PurchaseStatus
from tests import factories

pytestmark = pytest.mark.django_db
BEFORE_MIDNIGHT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


def test_only_the_wanted_columns_are_read(contact):
    contact.attributes = {"size": "XL", "pet": {"name": "Reksis"}}
    contact.last_name = "Ozola"
    contact.save()

    def load(*fields):
        return sending.load_merge_contexts([contact.pk], fields)[contact.pk]

    assert load("first_name") == {"first_name": "Anna"}
    assert load("attributes.pet.name")["attributes"]["pet"] == {"name": "Reksis"}
    assert load("full_name")["full_name"] == "Anna Ozola"
    assert load("brand.name") == {}


def buy(contact, placed_at, **over):
    purchase = factories.make_purchase(contact=contact, placed_at=placed_at, **over)
    for name in ("Krūze", "Šķīvis"):
        PurchaseLine.objects.create(
            purchase=purchase,
            contact=contact,
            placed_at=placed_at,
            product_id=name,
            product_name=name,
            amount=1,
        )


def test_the_last_purchase_is_told_by_the_brands_calendar(contact):
    buy(contact, datetime(2026, 1, 1, tzinfo=UTC), number="1")
    buy(contact, BEFORE_MIDNIGHT, number="2", amount=Decimal("12.50"))
    buy(
        contact,
        datetime(2026, 11, 24, tzinfo=UTC),
        number="3",
        status=PurchaseStatus.CANCELED,
    )
    stranger = factories.make_contact()

    contexts = sending.load_merge_contexts(
        [contact.pk, stranger.pk], ["last_purchase.date", "last_purchase.product"]
    )

    assert contexts[contact.pk]["last_purchase"] == {
        "date": date(2026, 11, 24),  # already tomorrow in Rīga
        "amount": Decimal("12.50"),
        "number": "2",
        "product": "Krūze",
    }
    assert contexts[stranger.pk]["last_purchase"] == {}


def test_r6_a_zone_that_nobody_knows_is_no_error(brand, contact):
    brand.zone = "Mars/Olympus"
    brand.save()
    buy(contact, BEFORE_MIDNIGHT)

    contexts = sending.load_merge_contexts([contact.pk], ["last_purchase.date"])

    assert contexts[contact.pk]["last_purchase"]["date"] == date(2026, 11, 23)


def test_queries_do_not_grow_with_the_contacts(brand, django_assert_num_queries):
    people = [factories.make_contact() for _ in range(5)]
    for person in people:
        buy(person, BEFORE_MIDNIGHT)

    with django_assert_num_queries(4):
        sending.load_merge_contexts(
            [person.pk for person in people], ["first_name", "last_purchase.product"]
        )
