"""A purchase is credited once, to the last human click, else to a delivery."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sms_marketing import reports
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Category,
    Click,
    Contact,
    Conversion,
    Link,
    Message,
    MessageStatus,
    Priority,
    Purchase,
    PurchaseStatus,
)
from tests.factories import make_campaign, make_contact, make_message, make_purchase

pytestmark = pytest.mark.django_db
NOW = clock.now()


def hours_ago(hours: float):
    return NOW - timedelta(hours=hours)


@pytest.fixture
def link(campaign) -> Link:
    body = campaign.variants.get().bodies.get()
    return Link.objects.create(body=body, position=0, url="https://shop.test/")


def advertised(contact: Contact, *, hours: float, **over: object) -> Message:
    return make_message(
        contact=contact,
        category=Category.MARKETING,
        priority=Priority.MARKETING,
        status=MessageStatus.DELIVERED,
        sent_at=hours_ago(hours),
        delivered_at=hours_ago(hours),
        **over,
    )


def click(
    message: Message, link: Link | None, *, hours: float, **over: object
) -> Click:
    return Click.objects.create(
        message=message,
        link=link,
        contact=message.contact,
        clicked_at=hours_ago(hours),
        **over,
    )


def credit(purchase: Purchase) -> tuple[int, str] | None:
    reports.attribute([purchase.pk])
    found = Conversion.objects.filter(purchase=purchase).first()
    return (found.message_id, found.basis) if found else None


def test_last_click_wins_over_an_earlier_click_and_a_later_delivery(contact, link):
    first, last = (advertised(contact, hours=h) for h in (50, 40))
    advertised(contact, hours=2)
    click(first, link, hours=30)
    click(last, link, hours=20)

    assert credit(make_purchase(contact=contact)) == (last.pk, "click")


def test_without_a_click_the_last_delivery_of_a_day_is_credited(contact):
    advertised(contact, hours=20)
    last = advertised(contact, hours=3)

    assert credit(make_purchase(contact=contact)) == (last.pk, "delivery")


@pytest.mark.parametrize(("hours", "credited"), [(119, True), (121, False)])
def test_a_click_counts_for_five_days(contact, link, hours, credited):
    message = advertised(contact, hours=200)
    click(message, link, hours=hours)

    assert (
        credit(make_purchase(contact=contact, placed_at=NOW)) is not None
    ) is credited


@pytest.mark.parametrize(("hours", "credited"), [(23, True), (25, False)])
def test_a_delivery_counts_for_a_day(contact, hours, credited):
    advertised(contact, hours=hours)

    assert (
        credit(make_purchase(contact=contact, placed_at=NOW)) is not None
    ) is credited


def test_machines_and_the_opt_out_link_get_no_credit(contact, link):
    message = advertised(contact, hours=48)
    click(message, link, hours=1, is_bot=True, bot_reason="preview")
    click(message, None, hours=1)

    assert credit(make_purchase(contact=contact)) is None


def test_service_messages_tests_and_later_touches_get_no_credit(contact, link):
    make_message(
        contact=contact,
        status=MessageStatus.DELIVERED,
        sent_at=hours_ago(1),
        delivered_at=hours_ago(1),
    )
    advertised(contact, hours=1, is_test=True)
    late = advertised(contact, hours=1)
    click(late, link, hours=0.5)

    assert credit(make_purchase(contact=contact, placed_at=hours_ago(2))) is None


def test_somebody_elses_message_gets_no_credit(contact):
    advertised(make_contact(), hours=1)

    assert credit(make_purchase(contact=contact)) is None


def test_one_purchase_has_one_credit_however_often_it_is_asked(contact):
    advertised(contact, hours=1)
    purchase = make_purchase(contact=contact)

    assert reports.attribute([purchase.pk]) == 1
    assert reports.attribute([purchase.pk]) == 0
    assert Conversion.objects.count() == 1


def test_a_canceled_purchase_and_one_without_a_contact_get_none(contact):
    advertised(contact, hours=1)

    assert (
        credit(make_purchase(contact=contact, status=PurchaseStatus.CANCELED)) is None
    )
    assert credit(make_purchase()) is None


def test_new_purchases_are_found_by_themselves(contact):
    advertised(contact, hours=5)
    fresh = make_purchase(contact=contact)
    old = make_purchase(contact=contact, placed_at=hours_ago(4))
    Purchase.objects.filter(pk=old.pk).update(updated_at=hours_ago(4))

    assert reports.attribute_new() == 1
    assert Conversion.objects.get().purchase == fresh


def test_an_order_paid_days_after_it_was_placed_is_found(contact, link):
    click(advertised(contact, hours=80), link, hours=75)
    make_purchase(contact=contact, placed_at=hours_ago(74))

    assert reports.attribute_new() == 1


def test_r12_what_one_brand_advertised_is_no_revenue_of_it_at_another(contact, link):
    other = Brand.objects.create(name="Oslo", code="oslo", currency="NOK")
    click(advertised(contact, hours=3), link, hours=2)

    bought = make_purchase(contact=contact, brand=other, base_currency="NOK")

    assert credit(bought) is None


def test_queries_do_not_grow_with_the_purchases(django_assert_num_queries, campaign):
    buyers = [make_contact() for _number in range(8)]
    for buyer in buyers:
        advertised(buyer, hours=1)
    ids = [make_purchase(contact=buyer).pk for buyer in buyers]

    with django_assert_num_queries(4):
        assert reports.attribute(ids) == 8


def test_a_refund_weeks_later_corrects_the_report(contact):
    campaign = make_campaign()
    advertised(contact, hours=1, campaign=campaign)
    purchase = make_purchase(contact=contact, amount=Decimal("30.00"))
    reports.attribute([purchase.pk])
    assert reports.campaign_report(campaign).revenue == Decimal("30.00")

    purchase.refunded_amount, purchase.net_amount = Decimal("12.50"), Decimal("17.50")
    purchase.save()

    assert reports.campaign_report(campaign).revenue == Decimal("17.50")


def test_a_purchase_canceled_later_counts_as_nothing(contact):
    campaign = make_campaign()
    advertised(contact, hours=1, campaign=campaign)
    purchase = make_purchase(contact=contact)
    reports.attribute([purchase.pk])

    purchase.status, purchase.net_amount = PurchaseStatus.CANCELED, Decimal(0)
    purchase.save()

    report = reports.campaign_report(campaign)
    assert (report.orders, report.count("bought"), report.revenue) == (0, 0, 0)
