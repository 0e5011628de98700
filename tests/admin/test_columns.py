"""Small parts of the screens read as people write them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sms_marketing.admin import columns


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0.0500", "0.05 EUR"),
        ("0.0420", "0.042 EUR"),
        ("0.0375", "0.0375 EUR"),
        ("-0.0420", "-0.042 EUR"),
        ("0", "0.00 EUR"),
        ("0.00001", "0.00 EUR"),
        ("0.1", "0.10 EUR"),
        ("1234.5678", "1234.57 EUR"),
    ],
)
def test_money_has_two_places_and_more_only_where_they_say_something(
    amount, shown
) -> None:
    assert columns.money(Decimal(amount), "EUR") == shown


def test_money_that_is_not_known_is_a_dash() -> None:
    assert columns.money(None, "EUR") == "—"
