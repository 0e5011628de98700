"""Purchases by the API's door: exact, idempotent, and safe in a race."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing import events
from sms_marketing.core import clock
from sms_marketing.events import PurchaseItem, purchases
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import Brand, Purchase, PurchaseStatus


def record(**over: Any) -> events.PurchaseChange:
    values = {
        "brand": Brand.objects.get_default(),
        "contact": None,
        "source": "api",
        "external_id": "1",
        "amount": Decimal("20.00"),
        "currency": "EUR",
        "placed_at": clock.now(),
        **over,
    }
    return events.record_purchase(**values)


@pytest.mark.django_db
def test_first_sight_then_no_change_then_a_correction(brand) -> None:
    at = clock.now()

    assert record(placed_at=at).created
    again = record(placed_at=at)
    less = record(placed_at=at, refunded=Decimal("0.000001"))

    assert (again.created, again.corrected) == (False, False)
    assert (less.created, less.corrected) == (False, True)
    assert Purchase.objects.get().net_amount == Decimal("19.999999")


@pytest.mark.django_db
def test_lines_are_left_alone_unless_given(brand) -> None:
    item = PurchaseItem(
        product_id="a", category="  Pirts UN  Sauna ", amount=Decimal(3)
    )
    record(lines=[item])
    record(number="5")
    line = Purchase.objects.get().lines.get()
    assert line.category_key == "pirts un sauna"

    record(lines=[])
    assert not Purchase.objects.get().lines.exists()


@pytest.mark.django_db
def test_the_moment_is_kept_when_none_is_told(brand) -> None:
    first = record(placed_at=None).purchase.placed_at
    record(placed_at=None, amount=Decimal(1))

    assert Purchase.objects.get().placed_at == first


@pytest.mark.django_db
def test_a_foreign_currency_needs_its_rate(brand) -> None:
    with pytest.raises(ConfigurationError, match="An order in SEK needs its rate"):
        record(currency="SEK")

    day = date(2026, 1, 2)
    purchase = record(currency="SEK", rate=Decimal("0.0871"), rate_on=day).purchase
    assert purchase.net_amount == Decimal("1.742")
    assert (purchase.rate_on, purchase.base_currency) == (day, "EUR")


@pytest.mark.django_db
def test_a_lost_race_updates_what_the_winner_wrote(brand, monkeypatch) -> None:
    real = purchases._locked
    calls: list[object] = []

    def late(fresh: Purchase, using: str) -> Purchase | None:
        calls.append(fresh)
        if len(calls) == 1:
            Purchase.objects.create(
                brand=brand,
                source=fresh.source,
                external_id=fresh.external_id,
                currency="EUR",
                base_currency="EUR",
                amount=Decimal(1),
                net_amount=Decimal(1),
                placed_at=clock.now(),
            )
            return None
        return real(fresh, using)

    monkeypatch.setattr(purchases, "_locked", late)
    change = record()

    assert (change.created, change.corrected) == (False, True)
    assert Purchase.objects.get().net_amount == Decimal("20.00")


@pytest.mark.django_db
def test_another_fault_of_the_database_is_the_callers(brand, monkeypatch) -> None:
    record()
    monkeypatch.setattr(purchases, "_locked", lambda fresh, using: None)

    with pytest.raises(IntegrityError):
        record()


cents = st.integers(0, 10**12).map(lambda value: Decimal(value).scaleb(-2))


@given(amount=cents, refunded=cents, micro_rate=st.integers(1, 10**11))
def test_r12_net_amount_is_exact_to_a_millionth(amount, refunded, micro_rate) -> None:
    rate = Decimal(micro_rate).scaleb(-8)
    net = purchases._net(
        {
            "status": PurchaseStatus.PLACED,
            "amount": amount,
            "refunded_amount": refunded,
            "rate": rate,
        }
    )
    scaled = int((amount - refunded).scaleb(2)) * micro_rate  # in 10⁻¹⁰
    low, rest = divmod(scaled, 10**4)
    half_up = rest > 5000 or (rest == 5000 and low % 2 == 1)

    assert int(net.scaleb(6)) == low + half_up
