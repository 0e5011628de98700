"""The report's figures are those of the rows, and its money is exact."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sms_marketing import contacts, reports
from sms_marketing.core import clock
from sms_marketing.models import (
    Category,
    Click,
    InboundMessage,
    Link,
    MessageStatus,
    Priority,
    SkipReason,
)
from tests.factories import make_contact, make_message, make_purchase

pytestmark = pytest.mark.django_db
S = MessageStatus


@pytest.fixture
def row(campaign):
    def make(status: str, **over: object):
        gone = status in {S.SENT, S.DELIVERED, S.UNDELIVERED, S.EXPIRED}
        facts = {"part_count": 2, "price": Decimal("0.10"), "currency": "EUR"}
        delivered = {"delivered_at": clock.now()} if status == S.DELIVERED else {}
        return make_message(
            contact=make_contact(),
            campaign=campaign,
            sender=campaign.sender,
            category=Category.MARKETING,
            priority=Priority.MARKETING,
            status=status,
            **({"sent_at": clock.now(), **facts, **delivered} if gone else {}),
            **over,
        )

    return make


def figures(report: reports.Report) -> dict[str, int]:
    return {step.key: step.count for step in report.funnel}


def test_funnel_goes_from_the_segment_to_the_sale(campaign, row):
    row(S.SKIPPED, skip_reason=SkipReason.NO_CONSENT)
    row(S.SKIPPED, skip_reason=SkipReason.SUPPRESSED)
    row(S.SKIPPED, skip_reason=SkipReason.HOLDOUT)
    row(S.QUEUED)
    row(S.FAILED, error_kind="invalid_number")
    row(S.UNDELIVERED)
    row(S.SENT)
    message = row(S.DELIVERED)
    body = campaign.variants.get().bodies.get()
    link = Link.objects.create(body=body, position=0, url="https://shop.test/")
    for is_bot in (False, False, True):
        Click.objects.create(
            message=message,
            link=link,
            contact=message.contact,
            clicked_at=clock.now(),
            is_bot=is_bot,
        )
    reports.attribute([make_purchase(contact=message.contact).pk])

    report = reports.campaign_report(campaign)

    assert figures(report) == {
        "audience": 8,
        "consent": 7,
        "not_suppressed": 6,
        "queued": 5,
        "sent": 3,
        "delivered": 1,
        "clicked": 1,
        "bought": 1,
    }
    assert (report.clicks_human, report.clicks_all, report.waiting) == (2, 3, 1)
    assert {reason.key: reason.count for reason in report.skipped} == {
        "no_consent": 1,
        "suppressed": 1,
        "holdout": 1,
    }
    assert {reason.key: reason.count for reason in report.failed} == {
        "invalid_number": 1,
        "undelivered": 1,
    }


def test_cost_parts_revenue_and_return_are_exact(campaign, row):
    for _number in range(10):
        row(S.SENT)
    buyer = row(S.DELIVERED)
    purchase = make_purchase(contact=buyer.contact, amount=Decimal("3.30"))
    reports.attribute([purchase.pk])

    report = reports.campaign_report(campaign)

    assert (report.parts, report.cost) == (22, Decimal("1.10"))
    assert report.revenue == Decimal("3.30")
    assert report.roi == 2


def test_return_is_not_told_at_no_cost_or_in_two_currencies(campaign, row):
    assert reports.campaign_report(campaign).roi is None

    row(S.SENT)
    make_message(
        contact=make_contact(),
        campaign=campaign,
        status=S.SENT,
        sent_at=clock.now(),
        part_count=1,
        price=Decimal(1),
        currency="USD",
    )
    report = reports.campaign_report(campaign)

    assert report.cost is None
    assert report.roi is None
    assert [cost.currency for cost in report.costs] == ["EUR", "USD"]


def test_test_sends_are_in_no_report(campaign, row):
    row(S.SENT, is_test=True)

    assert figures(reports.campaign_report(campaign))["audience"] == 0


def test_opt_outs_by_reply_and_by_page_are_counted(campaign, row):
    replied, pressed = row(S.DELIVERED), row(S.DELIVERED)
    InboundMessage.objects.create(
        provider="default",
        dedup_key="1",
        brand=campaign.brand,
        contact=replied.contact,
        from_phone=replied.to_phone,
        action=InboundMessage.Action.STOP,
        in_reply_to=replied,
        received_at=clock.now(),
    )
    contacts.opt_out(
        pressed.to_phone,
        method="link",
        brand=campaign.brand,
        evidence={"message": pressed.pk},
    )

    assert reports.campaign_report(campaign).opt_outs == 2


def test_queries_do_not_grow_with_the_campaign(
    campaign, row, django_assert_num_queries
):
    for _number in range(5):
        row(S.DELIVERED)

    with django_assert_num_queries(6):
        reports.campaign_report(campaign)


def test_bars_show_each_step_and_escape_its_label(campaign, row):
    row(S.SENT)
    step = reports.FunnelStep(key="x", label="<b>Rīga</b>", count=1200, share=0.5)
    empty = reports.FunnelStep(key="y", label="none", count=0, share=0.0)

    svg = reports.bars([step, empty], title="Funnel")

    assert "&lt;b&gt;Rīga" in svg
    assert "1 200" in svg
    assert 'width="0"' in svg
    assert "style=" not in svg
