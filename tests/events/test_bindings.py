"""Values of a host as we keep them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from example_project.shop.models import Product
from sms_marketing.events import Binding
from sms_marketing.events.bindings import (
    as_amount,
    as_instant,
    as_text,
    shown_amount,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (5, "5"), (" a\x00b ", "ab"), ("x\ud800", "x?")],
)
def test_texts(value: object, text: str) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        (None, "0"),
        ("", "0"),
        (0.1, "0.1"),
        (3, "3"),
        (Decimal("1.10"), "1.10"),
        ("2.5", "2.5"),
    ],
)
def test_amounts_are_exact(value: object, amount: str) -> None:
    assert as_amount(value) == Decimal(amount)


@pytest.mark.parametrize("value", ["twelve", Decimal("NaN"), Decimal("Infinity")])
def test_what_is_no_amount_is_refused_without_quoting_it(value: object) -> None:
    with pytest.raises(ValueError, match=r"^an amount is no number$"):
        as_amount(value)


@pytest.mark.parametrize(
    ("amount", "shown"),
    [("24.9", "24.90"), ("24", "24.00"), ("0.0375", "0.0375"), ("1E+2", "100.00")],
)
def test_amounts_are_shown_with_cents_or_all_they_have(amount: str, shown: str) -> None:
    assert shown_amount(Decimal(amount)) == shown


def test_days_and_naive_times_are_meant_in_the_brands_zone() -> None:
    zone = "Europe/Riga"
    aware = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert as_instant(aware, zone=zone) is aware
    assert as_instant(date(2026, 7, 1), zone=zone) == datetime(
        2026, 6, 30, 21, tzinfo=UTC
    )
    assert as_instant(aware.replace(tzinfo=None), zone=zone) == datetime(
        2026, 7, 1, 9, tzinfo=UTC
    )
    assert as_instant("soon", zone=zone) is None


def test_the_common_binding_records_nothing_by_itself() -> None:
    with pytest.raises(NotImplementedError):
        Binding(Product).record(Product())
