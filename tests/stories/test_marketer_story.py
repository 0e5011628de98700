"""A marketer in the admin: from a segment to the report, without a line of code."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from sms_marketing.core import clock
from sms_marketing.models import Campaign, CampaignStatus
from tests.stories.people import Shopper, workers_look

pytestmark = pytest.mark.django_db
TEXTS = {
    "lv": "Sveiki, {{ first_name | default: 'draugs' }}! -20%: https://shop.test/bath/",
    "ru": "Скидка 20%: https://shop.test/bath/",
}
BOUGHT = {"kind": "purchase_count", "op": "at_least", "value": 1}


@pytest.fixture
def buyers(anna, juris, olga, soap) -> list[Shopper]:
    """Three bought; Juris did not tick the box."""
    anna.buys(soap, consent=True)
    juris.buys(soap, consent=False)
    olga.buys(soap, consent=True)
    for person in (anna, juris, olga):
        person.reads()
    return [anna, juris, olga]


def test_who_what_a_look_a_test_and_off_it_goes(
    marketer, sender, carrier, buyers, anna, juris, olga, soap
):
    segment = marketer.describes("Buyers", BOUGHT)
    campaign = marketer.writes("Soap week", TEXTS, to=segment, by=sender)

    question = marketer.sees("launch", campaign)
    assert "2 people will receive it" in question
    assert "VSTe: Sveiki, Anna! -20%: https://shop.test/sms/" in question

    colleague = Shopper("Maija", "+37120000099")
    marketer.tries(campaign, phone=colleague.phone)
    (sms,) = colleague.reads()
    # As one of the audience will read it, in that person's language.
    assert sms.startswith(("VSTe: Sveiki, Anna!", "VSTe: Скидка 20%"))
    assert (anna.reads(), juris.reads()) == ([], [])

    marketer.launches(campaign)
    workers_look()
    (sms,) = anna.reads()
    (russian,) = olga.reads()
    assert russian.startswith("VSTe: Скидка 20%")
    assert juris.reads() == []
    assert "3 of 3 done" in marketer.sees("progress", campaign)

    carrier.reports(anna.messages[-1], "delivered")
    anna.taps(sms)
    anna.buys(soap, pieces=3)

    report = marketer.sees("report", campaign)
    assert "19.50" in report
    assert "1 order, net of refunds" in report
    assert "no consent" in report


def test_a_test_send_is_in_no_report_and_takes_nobodys_place(
    marketer, sender, buyers, anna
):
    campaign = marketer.writes(
        "Soap week", TEXTS, to=marketer.describes("Buyers", BOUGHT), by=sender
    )

    marketer.tries(campaign, phone=anna.phone)
    marketer.launches(campaign)
    workers_look()

    assert len(anna.reads()) == 2
    trial, real = anna.messages[-2:]
    assert (trial.is_test, trial.campaign) == (True, None)
    assert (real.is_test, real.campaign) == (False, campaign)
    assert "3 of 3 done" in marketer.sees("progress", campaign)


def test_a_link_of_a_test_send_leads_on_and_counts_for_nobody(
    marketer, sender, buyers, anna, soap
):
    campaign = marketer.writes(
        "Soap week", TEXTS, to=marketer.describes("Buyers", BOUGHT), by=sender
    )
    marketer.tries(campaign, phone=anna.phone)
    (sms,) = anna.reads()

    answer = anna.taps(sms)
    anna.buys(soap)

    assert answer["Location"] == "https://shop.test/bath/"
    assert anna.contact.purchases.filter(conversion__isnull=False).count() == 0


def test_a_scheduled_campaign_starts_by_itself_at_its_time(
    marketer, sender, buyers, anna
):
    segment = marketer.describes("Buyers", BOUGHT)
    plan = {"schedule": "brand_time", "send_on": "2030-01-07", "send_time": "10:00"}
    campaign = marketer.writes("Soap week", TEXTS, to=segment, by=sender, **plan)

    marketer.schedules(campaign)
    workers_look()

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.SCHEDULED
    assert campaign.due_at.isoformat() == "2030-01-07T08:00:00+00:00"
    assert anna.reads() == []

    its_moment_has_come(campaign)
    workers_look()

    assert len(anna.reads()) == 1
    assert anna.messages[-1].campaign == campaign


def its_moment_has_come(campaign: Campaign) -> None:
    due = clock.now() - timedelta(minutes=1)
    local = due.astimezone(ZoneInfo("Europe/Riga"))
    Campaign.objects.filter(pk=campaign.pk).update(
        due_at=due, send_on=local.date(), send_time=local.time()
    )
