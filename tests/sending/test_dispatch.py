"""From queued to sent: order, results, and what happens when something breaks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sms_marketing import contacts, sending, signals
from sms_marketing.core import clock
from sms_marketing.models import (
    CampaignStatus,
    Category,
    Message,
    MessageStatus,
    Priority,
    SendBatch,
    Sender,
    SkipReason,
    Suppression,
    SuppressionScope,
)
from sms_marketing.providers import ErrorKind, Outcome
from sms_marketing.providers.locmem import LocmemProvider
from tests import factories
from tests.sending.conftest import (
    add_message,
    dispatch,
    sending_campaign,
    status_of,
    statuses,
)

pytestmark = pytest.mark.django_db


def test_a_due_message_is_sent_and_recorded(provider, sender):
    message = factories.make_message(sender=sender)

    report = dispatch()

    assert (report.claimed, report.sent) == (1, 1)
    [outbound] = provider.outbox
    assert (outbound.to, outbound.text) == (message.to_phone, "Paldies!")
    assert outbound.reference == f"{message.pk}-1"
    assert outbound.receipt_url == "https://shop.test/sms/webhooks/default/receipts"
    assert status_of(message) == MessageStatus.SENT
    assert (message.attempt, message.language) == (1, "lv")
    assert message.provider_message_id == f"locmem-{message.pk}-1"
    assert (message.part_count, message.price) == (1, Decimal("0.05"))
    assert message.currency == "EUR"
    assert abs(message.sent_at - clock.now()) < timedelta(seconds=5)


def test_a_batch_is_closed_behind_its_last_message(provider, sender):
    message = factories.make_message(sender=sender)

    dispatch()

    batch = SendBatch.objects.get()
    assert (batch.state, batch.size) == (SendBatch.State.DONE, 1)
    assert batch.watermark == message.pk
    assert not sending.has_due()


def test_nothing_due_returns_at_once(provider, sender):
    factories.make_message(sender=sender, due_at=clock.now() + timedelta(hours=1))

    assert dispatch() == sending.DispatchReport()
    assert provider.outbox == []
    assert not SendBatch.objects.exists()


def test_a_campaign_goes_out_in_many_batches(provider, sender, configure):
    configure(RELEASE_SIZE=3, CONCURRENCY=2)
    sending_campaign(sender, 20)

    report = dispatch()

    assert (report.claimed, report.sent) == (20, 20)
    assert len({sent.reference for sent in provider.outbox}) == 20
    assert statuses() == {"sent": 20}
    assert not SendBatch.objects.filter(state=SendBatch.State.LIVE).exists()


def test_each_contact_reads_a_text_of_its_own(sender):
    campaign = sending_campaign(sender, 0)
    contact = factories.make_contact(first_name="Jānis")
    message = add_message(campaign, contact=contact)

    dispatch()

    assert status_of(message) == MessageStatus.SENT
    assert message.body == "VSTe: Sveiki, Jānis!\nAtteikties: STOP"


def test_direct_messages_leave_before_campaigns(provider, sender, configure):
    configure(CONCURRENCY=1)
    sending_campaign(sender, 2)
    journey = factories.make_message(
        sender=sender, category=Category.MARKETING, priority=Priority.MARKETING
    )
    service = factories.make_message(sender=sender)
    code = factories.make_message(
        sender=sender, category=Category.OTP, priority=Priority.URGENT
    )

    dispatch()

    first = [sent.message_id for sent in provider.outbox[:3]]
    assert first == [code.pk, service.pk, journey.pk]
    assert len(provider.outbox) == 5


def test_the_direct_lane_leaves_campaigns_alone(provider, sender):
    sending_campaign(sender, 2)
    service = factories.make_message(sender=sender)

    dispatch(lane="direct")

    assert [sent.message_id for sent in provider.outbox] == [service.pk]
    assert sending.has_due()
    assert not sending.has_due(lane="direct")


def test_campaigns_take_turns(provider, sender, configure):
    configure(CONCURRENCY=1, RELEASE_SIZE=2)
    first, second = sending_campaign(sender, 8), sending_campaign(sender, 8)

    dispatch()

    order = [
        Message.objects.get(pk=sent.message_id).campaign_id for sent in provider.outbox
    ]
    assert len(order) == 16
    assert second.pk in order[:8]
    assert first.pk in order[:8]


@pytest.mark.parametrize(
    "status", set(CampaignStatus) - {CampaignStatus.SENDING}, ids=str
)
def test_only_campaigns_that_are_sending_send(provider, sender, status):
    sending_campaign(sender, 1, status=status)

    assert dispatch().claimed == 0


@pytest.mark.parametrize(
    "over",
    [{"is_enabled": False}, {"halted_at": clock.now()}],
    ids=["switched off", "halted"],
)
def test_messages_of_a_stopped_sender_wait_where_there_is_no_other(provider, over):
    sender = factories.make_sender(**over)
    factories.make_sender(
        brand=sender.brand, allows_marketing=False, allows_transactional=False
    )
    sending_campaign(sender, 1)
    factories.make_message(sender=sender)

    assert dispatch().claimed == 0
    assert not sending.has_due()


def test_the_next_eligible_sender_stands_in_for_a_halted_one(provider, brand):
    halted = factories.make_sender(brand=brand, halted_at=clock.now(), priority=1)
    factories.make_sender(brand=brand, allows_marketing=False, priority=2)
    standing_in = factories.make_sender(brand=brand, priority=3)
    sending_campaign(halted, 2)
    answer = factories.make_message(sender=halted, category=Category.COMPLIANCE)

    dispatch()

    assert {sent.sender for sent in provider.outbox} == {standing_in.address}
    sent = Message.objects.filter(status=MessageStatus.SENT)
    assert {message.sender_id for message in sent} == {standing_in.pk}
    # The answer to a STOP comes from the number that was written to, or waits.
    assert status_of(answer) == MessageStatus.QUEUED


def test_a_paused_sender_is_not_asked_before_its_time(provider, brand):
    sender = factories.make_sender(
        brand=brand, not_before=clock.now() + timedelta(minutes=1)
    )
    factories.make_sender(brand=brand, priority=99)
    factories.make_message(sender=sender)

    assert dispatch().claimed == 0


def test_a_provider_that_is_not_set_up_holds_up_only_its_own(provider, brand, caplog):
    broken = factories.make_sender(brand=brand, provider="nowhere")
    working = factories.make_sender(brand=brand)
    factories.make_message(sender=broken)
    message = factories.make_message(sender=working)

    dispatch()

    assert status_of(message) == MessageStatus.SENT
    assert statuses() == {"sent": 1, "queued": 1}
    assert "nowhere" in caplog.text
    assert not sending.has_due()


# What providers answer


def test_a_temporary_refusal_is_tried_again_after_the_back_off(provider, sender):
    provider.plan(ErrorKind.TEMPORARY)
    message = factories.make_message(sender=sender)

    report = dispatch()

    assert (report.sent, report.deferred) == (0, 1)
    assert status_of(message) == MessageStatus.QUEUED
    assert message.error_kind == ErrorKind.TEMPORARY
    assert timedelta(seconds=25) < message.due_at - clock.now() < timedelta(seconds=31)
    assert (message.attempt, message.body) == (1, "Paldies!")

    Message.objects.update(due_at=clock.now() - timedelta(seconds=1))
    dispatch()

    assert status_of(message) == MessageStatus.SENT
    assert [sent.reference for sent in provider.outbox] == [f"{message.pk}-2"]


def test_the_last_attempt_fails_for_good(provider, sender, configure):
    provider.plan(ErrorKind.TEMPORARY)
    message = factories.make_message(sender=sender, attempt=4)

    assert dispatch().failed == 1

    assert status_of(message) == MessageStatus.FAILED
    assert (message.price, message.part_count) == (None, None)


def test_a_permanent_refusal_is_not_tried_again(provider, sender):
    provider.plan(ErrorKind.BLOCKED)
    message = factories.make_message(sender=sender)

    assert dispatch().failed == 1

    assert status_of(message) == MessageStatus.FAILED
    assert (message.error_kind, message.error_code) == ("blocked", "blocked")


def test_throttling_pauses_the_sender_and_puts_the_rest_back(
    provider, sender, configure
):
    configure(CONCURRENCY=1, RELEASE_SIZE=1)
    provider.plan(ErrorKind.THROTTLED)
    sending_campaign(sender, 6)

    dispatch(seconds=0.6)

    sender.refresh_from_db()
    assert sender.not_before > clock.now() - timedelta(seconds=1)
    assert len(provider.outbox) < 5
    assert set(statuses()) <= {"queued", "sent"}
    waiting = Message.objects.filter(status=MessageStatus.QUEUED)
    assert set(waiting.filter(error_kind="").values_list("attempt", flat=True)) == {0}


def test_r1_a_carriers_opt_out_blocks_that_sender(provider, sender, brand):
    provider.plan(ErrorKind.OPTED_OUT)
    message = factories.make_message(sender=sender)

    dispatch()

    assert status_of(message) == MessageStatus.FAILED
    suppression = Suppression.objects.get()
    assert suppression.scope == SuppressionScope.EVERYTHING
    assert suppression.sender_key == sender.pk
    later = factories.make_message(sender=sender, contact=message.contact)
    dispatch()
    assert status_of(later) == MessageStatus.SKIPPED
    assert later.skip_reason == SkipReason.SUPPRESSED


def test_a_number_that_does_not_exist_is_not_tried_by_any_sender(provider, sender):
    provider.plan(ErrorKind.INVALID_NUMBER)
    factories.make_message(sender=sender)

    dispatch()

    assert Suppression.objects.get().sender_key == Suppression.EVERY_SENDER


def test_five_account_errors_in_a_row_halt_the_sender(provider, sender, configure):
    configure(CONCURRENCY=1, RELEASE_SIZE=1)
    provider.plan(*[ErrorKind.NO_CREDIT] * 20)
    sending_campaign(sender, 20)

    dispatch()

    sender.refresh_from_db()
    assert sender.halted_at is not None
    assert "no_credit" in sender.halt_reason
    # The rest keeps its attempts for the day on which there is money again.
    assert Message.objects.filter(status=MessageStatus.QUEUED, attempt=0).count() > 8
    assert not Message.objects.exclude(status=MessageStatus.QUEUED).exists()
    assert not sending.has_due()


def test_r3_an_unclear_answer_is_never_sent_again_blindly(provider, sender):
    provider.plan(Outcome.UNCONFIRMED)
    message = factories.make_message(sender=sender)

    assert dispatch().unconfirmed == 1
    assert status_of(message) == MessageStatus.UNCONFIRMED
    assert (message.part_count, message.price) == (1, Decimal("0.05"))

    sending.recover()
    dispatch()

    assert status_of(message) == MessageStatus.UNCONFIRMED
    assert len(provider.outbox) == 1


def test_r3_an_adapter_that_raises_leaves_its_messages_unconfirmed(
    provider, become, sender, caplog
):
    class Raising(LocmemProvider):
        def send_one(self, outbound):
            raise RuntimeError("boom")

    become(Raising)
    message = factories.make_message(sender=sender)

    assert dispatch().unconfirmed == 1
    assert status_of(message) == MessageStatus.UNCONFIRMED
    assert "RuntimeError at" in caplog.text
    assert "boom" not in caplog.text  # R10: it might quote a number


def test_messages_sent_is_told_once_for_a_flush(provider, sender):
    told = []

    def listen(message_ids, **kwargs):
        told.append(sorted(message_ids))

    signals.messages_sent.connect(listen)
    try:
        campaign = sending_campaign(sender, 3)
        dispatch()
    finally:
        signals.messages_sent.disconnect(listen)

    ids = sorted(campaign.messages.values_list("pk", flat=True))
    assert sorted(pk for batch in told for pk in batch) == ids


# R6: one contact's data


def test_r6_one_text_that_cannot_be_made_stops_nobody(provider, sender):
    campaign = sending_campaign(sender, 2, text="Sveiki, {{ last_name }}!")
    named = factories.make_contact(last_name="Ozols")
    message = add_message(campaign, contact=named)

    report = dispatch()

    assert (report.sent, report.skipped) == (1, 2)
    assert status_of(message) == MessageStatus.SENT
    left_out = Message.objects.filter(status=MessageStatus.SKIPPED)
    assert {row.skip_reason for row in left_out} == {SkipReason.MISSING_FIELD}


def test_r6_a_text_of_too_many_parts_does_not_leave(provider, sender):
    message = add_message(sending_campaign(sender, 0, text="а" * 600))

    dispatch()

    assert status_of(message) == MessageStatus.SKIPPED
    assert message.skip_reason == SkipReason.TOO_MANY_PARTS


def test_r6_a_value_that_a_text_cannot_use_stops_nobody(provider, sender):
    campaign = sending_campaign(sender, 1, text="{{ first_name | plus: 1 }}")
    number = factories.make_contact(first_name="41")
    add_message(campaign, contact=number)

    report = dispatch()

    assert (report.sent, report.skipped) == (1, 1)
    assert Message.objects.get(skip_reason=SkipReason.RENDER_ERROR)
    assert "42" in provider.outbox[0].text


def test_r6_facts_of_the_wrong_shape_stop_nobody(provider, sender, caplog):
    campaign = sending_campaign(sender, 1)
    odd = add_message(campaign, context=["+37120000000"])

    assert dispatch().sent == 1

    assert status_of(odd) == MessageStatus.SKIPPED
    assert odd.skip_reason == SkipReason.RENDER_ERROR
    assert f"message {odd.pk} cannot be rendered: TypeError" in caplog.text
    assert "+3712" not in caplog.text  # R10


def test_r6_a_variant_that_is_gone_leaves_its_contacts_out(provider, sender):
    campaign = sending_campaign(sender, 1)
    message = campaign.messages.get()
    Message.objects.update(variant=999_999)

    dispatch()

    assert status_of(message) == MessageStatus.SKIPPED
    assert message.skip_reason == SkipReason.NO_LANGUAGE


def test_r6_a_variant_without_texts_leaves_its_contacts_out(provider, sender):
    campaign = sending_campaign(sender, 1)
    campaign.variants.first().bodies.all().delete()

    dispatch()

    assert Message.objects.get().skip_reason == SkipReason.NO_LANGUAGE


def test_a_site_without_an_address_sends_no_link_and_skips_nobody(
    provider, brand, configure, caplog
):
    configure(PUBLIC_URL="")
    sender = factories.make_sender(brand=brand, kind=Sender.Kind.NAME)
    message = add_message(sending_campaign(sender, 0))

    report = dispatch()

    assert report.deferred == 1
    assert status_of(message) == MessageStatus.QUEUED
    assert message.due_at > clock.now() + timedelta(seconds=30)
    assert "PUBLIC_URL" in caplog.text


# R1: consent, again and again


def test_r1_an_opt_out_in_the_middle_of_a_batch_stops_the_rest(
    provider, sender, configure
):
    """Each answer withdraws the consent of everybody who is not yet sent to."""
    configure(CONCURRENCY=1, RELEASE_SIZE=1, RECHECK_SECONDS=0.0)
    campaign = sending_campaign(sender, 8)

    def withdraw(message_ids, **kwargs):
        rest = Message.objects.filter(campaign=campaign).exclude(
            status=MessageStatus.SENT
        )
        for message in rest.select_related("contact"):
            contacts.opt_out(message.contact.phone, method="keyword")

    signals.messages_sent.connect(withdraw)
    try:
        dispatch()
    finally:
        signals.messages_sent.disconnect(withdraw)

    left_out = Message.objects.filter(skip_reason=SkipReason.NO_CONSENT).count()
    # One was answered, two more at most had been handed to the thread by then.
    assert len(provider.outbox) <= 3
    assert left_out + len(provider.outbox) == 8


def test_r1_erasing_in_mid_send_stops_the_rest_and_brings_no_text_back(
    provider, sender, configure
):
    configure(CONCURRENCY=1, RELEASE_SIZE=1, RECHECK_SECONDS=0.0)
    campaign = sending_campaign(sender, 4)

    def erase(message_ids, **kwargs):
        for message in campaign.messages.select_related("contact"):
            contacts.erase(message.contact)

    signals.messages_sent.connect(erase)
    try:
        dispatch()
    finally:
        signals.messages_sent.disconnect(erase)

    assert len(provider.outbox) <= 3
    assert set(campaign.messages.values_list("body", "to_phone")) == {("", "")}
    rest = campaign.messages.exclude(status=MessageStatus.SENT)
    assert {row.skip_reason for row in rest} == {SkipReason.ERASED}


def test_r1_nothing_starts_on_an_old_look_at_the_consents(
    provider, sender, configure, monkeypatch
):
    monkeypatch.setattr("sms_marketing.sending.crew.MAX_AGE_SECONDS", -1.0)
    message = factories.make_message(sender=sender)

    report = dispatch(seconds=0.3)

    assert provider.outbox == []
    assert report.deferred >= 1
    # Surely not sent: back in the queue, and its attempt was none.
    assert status_of(message) == MessageStatus.QUEUED
    assert message.attempt == 0


def test_a_campaign_paused_in_mid_batch_gives_the_rest_back(
    provider, sender, configure
):
    configure(CONCURRENCY=1, RELEASE_SIZE=1, RECHECK_SECONDS=0.0)
    campaign = sending_campaign(sender, 8)

    def pause(message_ids, **kwargs):
        campaign.status = CampaignStatus.PAUSED
        campaign.save()

    signals.messages_sent.connect(pause)
    try:
        dispatch()
    finally:
        signals.messages_sent.disconnect(pause)

    assert len(provider.outbox) <= 3
    waiting = campaign.messages.filter(status=MessageStatus.QUEUED)
    assert waiting.count() + len(provider.outbox) == 8
    assert {row.attempt for row in waiting} == {0}


def test_a_campaign_canceled_in_mid_batch_cancels_the_rest(provider, sender, configure):
    configure(CONCURRENCY=1, RELEASE_SIZE=1, RECHECK_SECONDS=0.0)
    campaign = sending_campaign(sender, 8)

    def cancel(message_ids, **kwargs):
        campaign.status = CampaignStatus.CANCELED
        campaign.save()

    signals.messages_sent.connect(cancel)
    try:
        dispatch()
    finally:
        signals.messages_sent.disconnect(cancel)

    assert len(provider.outbox) <= 3
    assert set(statuses()) == {"sent", "canceled", "queued"}

    # What a worker put back after the cancel is swept up by the next recovery.
    sending.recover()

    canceled = campaign.messages.filter(status=MessageStatus.CANCELED)
    assert canceled.count() + len(provider.outbox) == 8


# Time


def test_when_the_time_is_over_the_rest_is_put_back(provider, brand):
    sender = factories.make_sender(brand=brand, parts_per_second=2.0)
    sending_campaign(sender, 10)

    dispatch(seconds=0.4)

    assert 1 <= len(provider.outbox) <= 3
    waiting = Message.objects.filter(status=MessageStatus.QUEUED)
    assert waiting.count() + len(provider.outbox) == 10
    assert {row.attempt for row in waiting} == {0}
    assert not SendBatch.objects.filter(state=SendBatch.State.LIVE).exists()


def test_a_slow_sender_does_not_hold_up_another(provider, brand):
    slow = factories.make_sender(brand=brand, parts_per_second=0.1)
    quick = factories.make_sender(brand=brand)
    sending_campaign(slow, 3)
    sending_campaign(quick, 5)

    dispatch(seconds=1)

    sent = Message.objects.filter(status=MessageStatus.SENT)
    assert sent.filter(sender=quick).count() == 5
    assert sent.filter(sender=slow).count() == 1


def test_a_bulk_carrier_gets_many_in_one_call(become, sender, configure):
    calls = []
    configure(
        PROVIDERS={
            "default": {
                "BACKEND": "sms_marketing.providers.locmem.LocmemProvider",
                "OPTIONS": {"max_batch": 10},
            }
        }
    )

    class Counting(LocmemProvider):
        def send_many(self, batch):
            calls.append(len(batch))
            return super().send_many(batch)

    become(Counting)
    sending_campaign(sender, 25)

    assert dispatch().sent == 25
    assert sorted(calls) == [5, 10, 10]


def test_queries_do_not_grow_with_the_batch(provider, sender, configure):
    configure(FLUSH_SECONDS=60, RELEASE_SIZE=500)

    def queries(count: int) -> int:
        sending_campaign(
            sender,
            count,
            text="{{ first_name }} {{ last_purchase.date | default: '-' }}",
        )
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert dispatch().sent == count
        Message.objects.all().delete()
        return len(captured)

    few = queries(2)
    assert queries(40) <= few + 4
