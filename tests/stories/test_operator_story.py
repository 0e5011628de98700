"""What goes wrong on the way: at the carrier, in a worker, with a number."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sms_marketing import campaigns, contacts
from sms_marketing.models import MessageStatus, SkipReason
from sms_marketing.providers import ErrorKind, Outcome
from tests.factories import make_campaign
from tests.stories.people import committed, time_passes, workers_look

pytestmark = pytest.mark.django_db


def test_a_carrier_that_is_busy_gets_the_message_a_little_later(carrier, anna, soap):
    carrier.plan(ErrorKind.TEMPORARY)

    anna.buys(soap)

    assert anna.reads() == []
    (message,) = anna.messages
    assert message.status == MessageStatus.QUEUED
    assert message.error_kind == ErrorKind.TEMPORARY

    time_passes(minutes=1)

    assert len(anna.reads()) == 1
    assert (anna.messages[0].status, anna.messages[0].attempt) == ("sent", 2)


def test_without_credit_the_sender_halts_and_goes_on_when_the_operator_says_so(
    carrier, sender, staff, anna, soap, caplog
):
    carrier.plan(*[ErrorKind.NO_CREDIT] * 5)
    orders = [anna.buys(soap) for _time in range(6)]

    sender.refresh_from_db()
    assert sender.halted_at is not None
    assert "no_credit" in sender.halt_reason
    assert anna.reads() == []
    assert {message.status for message in anna.messages} == {MessageStatus.QUEUED}
    assert "halted" in caplog.text
    caplog.clear()

    with committed(execute=True):
        staff.browser.post(
            reverse("admin:sms_marketing_sender_changelist"),
            {"action": "resume", "_selected_action": str(sender.pk)},
        )
    time_passes(hours=1)

    sender.refresh_from_db()
    assert sender.halted_at is None
    texts = anna.reads()
    assert len(texts) == len(orders)
    assert all(any(order.number in text for text in texts) for order in orders)


def test_r3_an_answer_that_was_lost_is_asked_for_and_nothing_is_sent_twice(
    carrier, anna, soap
):
    carrier.plan(Outcome.UNCONFIRMED)

    anna.buys(soap)
    time_passes(minutes=10)
    workers_look()

    assert len(anna.reads()) == 1
    assert anna.messages[0].status == MessageStatus.SENT
    assert anna.messages[0].attempt == 1


def test_r3_a_receipt_settles_what_nobody_knew(carrier, anna, soap, settings):
    carrier.supports_lookup = False
    carrier.plan(Outcome.UNCONFIRMED)
    anna.buys(soap)
    time_passes(minutes=10)
    assert anna.messages[0].status == MessageStatus.UNCONFIRMED

    carrier.reports(anna.messages[0], "delivered")

    assert len(anna.reads()) == 1
    assert anna.messages[0].status == MessageStatus.DELIVERED
    assert anna.messages[0].part_count == 1


def test_a_number_that_does_not_exist_is_not_tried_again(carrier, anna, soap):
    carrier.plan(ErrorKind.INVALID_NUMBER)
    anna.buys(soap)
    assert anna.messages[0].status == MessageStatus.FAILED

    anna.buys(soap)

    assert anna.reads() == []
    assert anna.messages[1].skip_reason == SkipReason.SUPPRESSED


def test_who_told_the_carrier_to_stop_gets_nothing_from_this_sender(
    carrier, sender, anna, juris, soap
):
    anna.buys(soap, consent=True)
    juris.buys(soap, consent=True)
    carrier.plan(ErrorKind.OPTED_OUT)
    with committed(execute=True):
        campaigns.launch(make_campaign(sender=sender))
    anna.reads()

    anna.buys(soap)

    assert anna.reads() == []
    assert anna.messages[-1].skip_reason == SkipReason.SUPPRESSED
    assert len(juris.reads()) == 2


def test_start_takes_a_stop_back_with_the_reply_as_evidence(
    brand, sender, anna, juris, soap
):
    anna.buys(soap, consent=True)
    juris.buys(soap, consent=True)
    anna.answers("STOP", to=sender.address)
    anna.answers("Start", to=sender.address)
    anna.reads()

    with committed(execute=True):
        campaigns.launch(make_campaign(sender=sender))

    assert len(anna.reads()) == 1
    newest = anna.contact.consent_records.latest("pk")
    assert newest.evidence["inbound"] == anna.contact.inbound_messages.latest("pk").pk


def test_a_stop_of_somebody_whom_nobody_knows_is_remembered(
    brand, sender, anna, soap, juris
):
    anna.answers("STOP", to=sender.address)
    (confirmation,) = anna.reads()
    assert "START" in confirmation

    anna.buys(soap, consent=False)
    juris.buys(soap, consent=True)
    anna.reads()
    with committed(execute=True):
        campaigns.launch(make_campaign(sender=sender))

    assert anna.reads() == []


def test_a_number_in_one_order_gets_no_consent_from_another(
    anna, sender, juris, soap, staff
):
    order = anna.buys(soap, consent=True)
    juris.buys(soap, consent=True)
    order.phone = "+37120000077"
    with committed(execute=True):
        order.save()

    with committed(execute=True):
        campaigns.launch(make_campaign(sender=sender))
    workers_look()

    other = contacts.find_by_phone("+37120000077")
    assert other.messages.get(campaign__isnull=False).skip_reason == "no_consent"
    assert [sms for sms in anna.reads() if "Sveiki" in sms]
