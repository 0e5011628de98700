"""A campaign: from a segment to the money it earned, and the people who said no."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from example_project.shop.consent import WORDINGS
from sms_marketing import campaigns, contacts, reports, segments, sending, signals
from sms_marketing.core import clock
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Click,
    Conversion,
    Message,
    MessageStatus,
    Segment,
    Sender,
    SkipReason,
    Variant,
)
from tests.factories import make_sender
from tests.stories.people import (
    PREVIEW_BOT,
    Shopper,
    committed,
    is_open_all_day,
    link_in,
    nobody_works,
    opens_tomorrow_only,
    time_passes,
    whenever,
    workers_look,
)

pytestmark = pytest.mark.django_db
OFFER = {
    "lv": "Sveiki, {{ first_name | default: 'draugs' }}! Ziepes -20%: "
    "https://shop.test/product/sea-salt-soap/?from=sms",
    "ru": "{{ first_name | default: 'Друзья' }}, мыло -20%: "
    "https://shop.test/product/sea-salt-soap/?from=sms",
}
RULES = {
    "any": [
        {"kind": "city", "op": "is", "value": "Rīga"},
        {"kind": "interest", "op": "has", "value": ["bath"]},
    ]
}


@pytest.fixture
def audience(brand, anna, juris, olga) -> list[Shopper]:
    """Three who agreed; beside them one who did not, and one who is not meant."""
    agrees(anna, city="Rīga")
    agrees(juris, city="Liepāja", interests=["bath"])
    agrees(olga, city="Rīga")
    contacts.upsert(phone="+37120000004", first_name="Pēteris", city="Rīga")
    agrees(Shopper("Zane Kalna", "+37120000005"), city="Talsi", interests=["wool"])
    return [anna, juris, olga]


@pytest.fixture
def offer(sender, audience) -> Campaign:
    return written_by_a_marketer(sender)


def test_the_rows_are_the_audience_and_each_gets_its_own_text(offer, anna, olga):
    assert campaigns.check(offer) == []
    counted = campaigns.funnel_counts(offer)
    assert (counted.in_segment, counted.will_receive) == (4, 3)
    shown = campaigns.preview(offer, contact=anna.contact)

    launched(offer)

    rows = Message.objects.filter(campaign=offer)
    assert offer.status == CampaignStatus.FINISHED
    assert rows.count() == offer.audience_count == 4
    assert rows.filter(status=MessageStatus.SENT).count() == 3
    assert rows.get(status=MessageStatus.SKIPPED).skip_reason == SkipReason.NO_CONSENT
    (sms,) = anna.reads()
    assert sms.startswith("VSTe: Sveiki, Anna!")
    assert sms.endswith("STOP")
    assert len(sms) == len(shown.text)
    assert (anna.messages[0].part_count, anna.messages[0].price) == (
        shown.part_count,
        shown.price,
    )
    (sms,) = olga.reads()
    assert "Ольга, мыло -20%" in sms


def test_receipts_clicks_and_a_sale_become_money(carrier, offer, anna, juris, soap):
    launched(offer)
    carrier.reports(anna.messages[0], "delivered")
    carrier.reports(juris.messages[0], "undelivered", error="absent_subscriber")
    (sms,) = anna.reads()

    redirect = anna.taps(sms)
    anna.buys(soap, pieces=2)

    assert redirect.status_code == 302
    assert redirect["Location"] == "https://shop.test/product/sea-salt-soap/?from=sms"
    credit = Conversion.objects.get()
    assert (credit.message, credit.basis) == (anna.messages[0], Conversion.Basis.CLICK)

    report = reports.campaign_report(offer)
    assert {step.key: step.count for step in report.funnel} == {
        "audience": 4,
        "consent": 3,
        "not_suppressed": 3,
        "queued": 3,
        "sent": 3,
        "delivered": 1,
        "clicked": 1,
        "bought": 1,
    }
    assert [(reason.key, reason.count) for reason in report.skipped] == [
        ("no_consent", 1)
    ]
    assert [(reason.key, reason.count) for reason in report.failed] == [
        ("undelivered", 1)
    ]
    # One part each in Latvian; Cyrillic letters make two of the Russian text.
    assert report.parts == 1 + 1 + 2
    assert report.cost == 4 * Decimal("0.05")
    assert (report.orders, report.revenue) == (1, Decimal("13.00"))
    assert report.roi == (Decimal("13.00") - report.cost) / report.cost


def test_a_repeated_and_a_late_receipt_change_nothing(carrier, offer, anna):
    launched(offer)

    for status in ("delivered", "delivered", "accepted", "undelivered"):
        carrier.reports(anna.messages[0], status)

    assert anna.messages[0].status == MessageStatus.DELIVERED
    assert reports.campaign_report(offer).count("delivered") == 1


def test_a_preview_bot_is_led_on_but_is_no_reader(carrier, offer, anna):
    launched(offer)
    carrier.reports(anna.messages[0], "delivered")
    (sms,) = anna.reads()

    answer = anna.browser.get(link_in(sms), headers=PREVIEW_BOT)

    assert answer.status_code == 302
    assert Click.objects.get().is_bot
    report = reports.campaign_report(offer)
    assert (report.clicks_all, report.clicks_human, report.count("clicked")) == (
        1,
        0,
        0,
    )


def test_r1_a_stop_is_confirmed_once_and_the_next_campaign_leaves_them_out(
    brand, sender, offer, anna, olga
):
    launched(offer)
    olga.reads()

    olga.answers("Стоп!", to=sender.address)
    olga.answers("STOP", to=sender.address)

    (confirmation,) = olga.reads()
    assert "больше не пришлём" in confirmation
    assert contacts.consent_status(olga.contact, brand=brand) == "opted_out"
    assert reports.campaign_report(offer).opt_outs == 1
    anna.reads()

    again = campaigns.duplicate(offer, name="The week after")
    launched(again)

    assert olga.reads() == []
    assert len(anna.reads()) == 1
    left_out = again.messages.get(contact=olga.contact)
    assert left_out.status == MessageStatus.SKIPPED
    assert left_out.skip_reason in {SkipReason.NO_CONSENT, SkipReason.SUPPRESSED}
    assert contacts.verify_ledger().ok


def test_r1_a_stop_between_launch_and_sending_is_in_time(sender, offer, anna, juris):
    with nobody_works():
        campaigns.launch(offer)
        campaigns.run_launch(offer.pk)
    assert anna.messages[0].status == MessageStatus.QUEUED

    anna.answers("Atsakos", to=sender.address)
    workers_look()

    (confirmation,) = anna.reads()
    assert "STOP" not in confirmation
    assert anna.messages[0].status == MessageStatus.SKIPPED
    assert len(juris.reads()) == 1


def test_a_reply_that_is_no_stop_is_kept_and_stops_nothing(brand, sender, offer, anna):
    launched(offer)
    anna.reads()

    anna.answers("Vai ziepes ir ar lavandu?", to=sender.address)

    reply = anna.contact.inbound_messages.get()
    assert (reply.action, reply.in_reply_to) == ("", anna.messages[0])
    assert anna.reads() == []
    assert contacts.consent_status(anna.contact, brand=brand) == "opted_in"


def test_someone_erased_in_mid_send_gets_nothing_more(settings, offer, audience):
    # One message at a time, so that "in mid-send" is after the first.
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "RELEASE_SIZE": 1,
        "RECHECK_SECONDS": 0,
        "FLUSH_SECONDS": 0,
    }
    last = offer_is_queued_for(audience, offer)

    def erase_the_last() -> None:
        if last.contact_id in contacts_with_a_number():
            contacts.erase(last.contact, reason="asked by letter")

    with whenever(signals.messages_sent, erase_the_last):
        workers_look()

    last.refresh_from_db()
    assert (last.status, last.skip_reason) == ("skipped", SkipReason.ERASED)
    assert (last.to_phone, last.body) == ("", "")
    assert [len(person.reads()) for person in audience].count(0) == 1
    # Nobody disappears: the report still counts them (R4).
    assert sum(campaigns.progress(offer).counts.values()) == offer.audience_count
    assert contacts.verify_ledger().ok


def test_r13_outside_the_hours_a_campaign_waits_and_ends_when_they_open(
    brand, offer, anna
):
    opens = opens_tomorrow_only(brand)

    launched(offer)

    assert offer.status == CampaignStatus.SENDING
    assert anna.reads() == []
    assert {row.due_at for row in offer.messages.filter(status="queued")} == {opens}

    is_open_all_day(brand)
    time_passes(days=2)
    workers_look()

    offer.refresh_from_db()
    assert offer.status == CampaignStatus.FINISHED
    assert len(anna.reads()) == 1


def test_paused_is_paused_and_canceled_is_final(offer, anna, juris):
    with nobody_works():
        campaigns.launch(offer)
        campaigns.run_launch(offer.pk)
        campaigns.pause(offer)
    workers_look()
    assert anna.reads() == juris.reads() == []

    campaigns.cancel(offer)
    workers_look()

    assert anna.reads() == juris.reads() == []
    assert anna.messages[0].status == MessageStatus.CANCELED


def test_r8_the_opt_out_page_of_a_one_way_sender_acts_on_post_only(
    brand, sender, audience, anna, juris
):
    name = make_sender(brand=brand, address="VejsSals", kind=Sender.Kind.NAME)
    offer = written_by_a_marketer(name)
    launched(offer)
    (sms,) = anna.reads()
    way_out = sms.split()[-1]

    page = anna.browser.get(link_in(way_out), follow=True)

    assert page.status_code == 200
    assert contacts.consent_status(anna.contact, brand=brand) == "opted_in"
    assert not Click.objects.exists()

    with committed(execute=True):
        done = anna.browser.post(page.request["PATH_INFO"], {"scope": "marketing"})

    assert done.status_code == 200
    assert contacts.consent_status(anna.contact, brand=brand) == "opted_out"
    assert reports.campaign_report(offer).opt_outs == 1
    juris.reads()
    launched(campaigns.duplicate(offer, name="The week after"))
    assert anna.reads() == []
    assert len(juris.reads()) == 1


def agrees(person: Shopper, **profile: object) -> None:
    """They ticked the box in the shop some time ago."""
    wording = WORDINGS[f"{person.language}-1"]
    contacts.opt_in(
        person.phone,
        method="web_form",
        wording=wording.text,
        wording_language=wording.language,
        occurred_at=clock.now() - timedelta(days=30),
        profile={
            "first_name": person.name.split()[0],
            "language": person.language,
            **profile,
        },
    )


def written_by_a_marketer(sender: Sender) -> Campaign:
    """A draft to whoever lives in Rīga or likes the bath."""
    segment = Segment.objects.create(name="Rīga, or bath", rules=RULES)
    assert segments.count(segment) == 4
    campaign = Campaign.objects.create(
        brand=sender.brand, name="Soap week", sender=sender
    )
    campaign.segments.add(segment)
    variant = Variant.objects.create(campaign=campaign)
    for language, text in OFFER.items():
        sending.save_body(variant, language, text)
    return campaign


def launched(campaign: Campaign) -> None:
    with committed(execute=True):
        campaigns.launch(campaign)
    workers_look()
    campaign.refresh_from_db()


def offer_is_queued_for(audience: list[Shopper], offer: Campaign) -> Message:
    """All rows are written, none has left; returns the row that leaves last."""
    with nobody_works():
        campaigns.launch(offer)
        campaigns.run_launch(offer.pk)
    offer.refresh_from_db()
    queued = offer.messages.filter(status=MessageStatus.QUEUED)
    assert queued.count() == len(audience)
    return queued.order_by("pk").last()


def contacts_with_a_number() -> set[int]:
    rows = Message.objects.exclude(contact__phone=None)
    return set(rows.values_list("contact_id", flat=True))
