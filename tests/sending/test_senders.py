"""Who may carry what, at what price, and who stands still."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from sms_marketing import sending
from sms_marketing.core import clock
from sms_marketing.models import Brand, Category, Price
from tests import factories

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def test_the_lowest_eligible_sender_is_chosen(brand):
    factories.make_sender(brand=brand, priority=1, is_enabled=False)
    factories.make_sender(brand=brand, priority=2, allows_marketing=False)
    third = factories.make_sender(brand=brand, priority=3)
    other = Brand.objects.create(name="Other", code="other")
    factories.make_sender(brand=other, priority=0)

    assert sending.choose_sender(brand, category=Category.MARKETING) == third


def test_the_campaigns_own_sender_is_kept_if_it_may(brand):
    first = factories.make_sender(brand=brand, priority=1)
    own = factories.make_sender(brand=brand, priority=9)

    def choose(**over):
        return sending.choose_sender(
            brand, category=Category.MARKETING, campaign_sender=own, **over
        )

    assert choose() == own
    own.is_enabled = False
    own.save()
    assert choose() == first


def test_a_halted_sender_is_taken_only_where_there_is_no_other(brand):
    halted = factories.make_sender(brand=brand, priority=1, halted_at=clock.now())
    choose = sending.choose_sender

    assert choose(brand, category=Category.OTP) == halted
    working = factories.make_sender(brand=brand, priority=9)
    assert choose(brand, category=Category.OTP) == working


def test_nobody_eligible_is_none(brand):
    assert sending.choose_sender(brand, category=Category.OTP) is None


def test_the_price_of_the_day_and_the_country(sender):
    Price.objects.all().delete()
    for country, amount, valid_from in (
        ("", "0.09", date(2026, 1, 1)),
        ("LV", "0.05", date(2026, 1, 1)),
        ("LV", "0.06", date(2026, 11, 24)),
        ("LV", "0.07", date(2026, 11, 25)),
    ):
        Price.objects.create(
            brand=sender.brand,
            sender=sender,
            country=country,
            amount=Decimal(amount),
            valid_from=valid_from,
        )

    def amount(country, on):
        price = sending.price_of(sender, country=country, on=on)
        return price and price.amount

    assert amount("LV", TODAY) == Decimal("0.06")
    assert amount("LV", TODAY - timedelta(days=1)) == Decimal("0.05")
    assert amount("EE", TODAY) == Decimal("0.09")
    assert amount("LV", date(2025, 12, 31)) is None


def test_a_sender_is_halted_and_resumed_once(sender, caplog):
    assert sending.halt_sender(sender, reason="x" * 300)
    assert not sending.halt_sender(sender, reason="again")

    sender.refresh_from_db()
    assert sender.halted_at is not None
    assert sender.halt_reason == "x" * 200
    assert f"sender {sender.pk} halted" in caplog.text

    assert sending.resume_sender(sender)
    assert not sending.resume_sender(sender)
    sender.refresh_from_db()
    assert (sender.halted_at, sender.halt_reason) == (None, "")
