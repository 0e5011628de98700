"""Rules on purchases: exact sums, whole days, nothing bought is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sms_marketing import segments
from sms_marketing.models import Brand, Contact, PurchaseStatus
from tests.factories import make_contact, make_purchase

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 31, 9, 0, tzinfo=UTC)
#: Both ways to ask: grouped (short window, nothing beside it) and correlated.
WINDOWS = [{"within_days": 30}, {}]


def buy(contact: Contact | None, amount: str = "20.00", **over: Any) -> None:
    values = {"placed_at": NOW - timedelta(days=1), **over}
    make_purchase(contact=contact, amount=Decimal(amount), **values)


def is_found(
    contact: Contact, kind: str, op: str, value: Any = None, **rest: Any
) -> bool:
    rule = {"kind": kind, "op": op, **rest}
    if value is not None:
        rule["value"] = value
    condition = segments.compile_rules(rule, now=NOW)
    return Contact.objects.filter(condition, pk=contact.pk).exists()


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_r12_ten_times_ten_cents_is_one_euro(window: dict[str, Any]) -> None:
    contact = make_contact(consent=False)
    for _ in range(10):
        buy(contact, "0.10")

    assert is_found(contact, "purchase_sum", "at_least", "1.00", **window)
    assert not is_found(contact, "purchase_sum", "more_than", "1.00", **window)
    assert is_found(contact, "purchase_sum", "at_most", "1.00", **window)
    assert not is_found(contact, "purchase_sum", "less_than", "1.00", **window)
    assert is_found(contact, "purchase_sum", "more_than", "0.999999", **window)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_canceled_is_nothing_and_refunded_is_what_was_kept(
    window: dict[str, Any],
) -> None:
    contact = make_contact(consent=False)
    buy(contact, status=PurchaseStatus.CANCELED, net_amount=Decimal(0))
    assert is_found(contact, "purchase_count", "exactly", 0, **window)
    assert is_found(contact, "last_purchase", "never")

    buy(contact, status=PurchaseStatus.REFUNDED, net_amount=Decimal("5.00"))
    buy(contact)
    assert is_found(contact, "purchase_count", "exactly", 2, **window)
    assert is_found(contact, "purchase_sum", "at_least", "25.00", **window)
    assert not is_found(contact, "purchase_sum", "more_than", "25.00", **window)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_a_purchase_without_a_contact_is_nobodys(window: dict[str, Any]) -> None:
    contact = make_contact(consent=False)
    buy(None)
    buy(None)

    assert not is_found(contact, "purchase_count", "at_least", 2, **window)
    assert is_found(contact, "purchase_count", "at_most", 1, **window)


def test_sums_below_zero_are_compared_as_such() -> None:
    contact = make_contact(consent=False)
    buy(contact, status=PurchaseStatus.REFUNDED, net_amount=Decimal("-0.10"))

    assert not is_found(contact, "purchase_sum", "at_least", "0", within_days=30)
    assert is_found(contact, "purchase_sum", "less_than", "0", within_days=30)


def test_amounts_of_two_currencies_are_not_added_up() -> None:
    contact = make_contact(consent=False)
    nord = Brand.objects.create(name="Nord", code="nord", currency="SEK")
    buy(contact)
    buy(contact, brand=nord, base_currency="SEK", currency="SEK", amount="300")

    assert is_found(contact, "purchase_sum", "at_most", "20")
    assert is_found(contact, "purchase_sum", "at_least", "300", brand="nord")
    assert is_found(contact, "purchase_count", "exactly", 2)
    assert is_found(contact, "purchase_count", "exactly", 1, brand="nord")


def test_r14_days_are_whole_days_where_the_brand_is() -> None:
    contact = make_contact(consent=False)
    # 00:00 on 29 March in Rīga, two hours before the clock changes.
    buy(contact, placed_at=datetime(2026, 3, 28, 22, 0, tzinfo=UTC))

    assert is_found(contact, "last_purchase", "within", 2)
    assert not is_found(contact, "last_purchase", "before", 2)
    assert is_found(contact, "last_purchase", "before", 1)
    assert is_found(contact, "purchase_count", "at_least", 1, within_days=2)
    assert not is_found(contact, "purchase_count", "at_least", 1, within_days=1)
    assert is_found(contact, "purchase_count", "at_least", 1, since="2026-03-29")
    assert not is_found(contact, "purchase_count", "at_least", 1, until="2026-03-28")
    assert is_found(
        contact, "purchase_count", "at_least", 1, since="2026-03-29", until="2026-03-29"
    )


def test_last_purchase_is_the_last_one_only() -> None:
    contact = make_contact(consent=False)
    buy(contact, placed_at=NOW - timedelta(days=400))
    assert is_found(contact, "last_purchase", "before", 100)

    buy(contact, placed_at=NOW - timedelta(days=50))
    assert not is_found(contact, "last_purchase", "before", 100)
    assert not is_found(contact, "last_purchase", "never")
    assert not is_found(contact, "last_purchase", "never", brand="default")


def test_a_contact_is_found_once_whatever_was_bought() -> None:
    contact = make_contact(consent=False)
    for _ in range(5):
        buy(contact)
    rule = {"kind": "purchase_count", "op": "at_least", "value": 1}

    assert Contact.objects.filter(segments.compile_rules(rule)).get() == contact
