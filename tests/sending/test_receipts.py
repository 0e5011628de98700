"""Receipts: kept as they come, applied in any order, number and moment (R5, R7)."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sms_marketing import contacts, sending, signals
from sms_marketing.core import clock
from sms_marketing.models import (
    MessageStatus,
    ReceiptRecord,
    SendBatch,
    Suppression,
    SuppressionReason,
)
from sms_marketing.providers import ErrorKind, Outcome, Receipt, ReceiptStatus
from sms_marketing.sending.folding import RANKS
from tests import factories
from tests.sending.conftest import dispatch, sending_campaign, status_of

pytestmark = pytest.mark.django_db
State = ReceiptRecord.State


@pytest.fixture
def sent(provider, sender):
    message = factories.make_message(sender=sender)
    dispatch()
    message.refresh_from_db()
    return message


def receipt(message, status="delivered", *, attempt=None, **over):
    reference = f"{message.pk}-{attempt or message.attempt}"
    return Receipt(reference=reference, status=ReceiptStatus(status), **over)


def news(*receipts, alias="default"):
    sending.store_receipts(alias, receipts)
    return sending.fold_receipts()


def test_a_delivery_is_applied(sent):
    happened = clock.now().replace(microsecond=0)

    assert news(receipt(sent, occurred_at=happened)) == 1

    assert status_of(sent) == MessageStatus.DELIVERED
    assert abs(sent.delivered_at - clock.now()) < timedelta(seconds=5)
    assert ReceiptRecord.objects.get().state == State.APPLIED
    assert sending.fold_receipts() == 0


def test_receipts_are_kept_with_all_they_say(sent):
    stored = sending.store_receipts(
        "default",
        [
            receipt(
                sent,
                "failed",
                provider_message_id="m\x00" + "9" * 200,
                error_kind=ErrorKind.BLOCKED,
                error_code="30007",
                part_count=2,
                price=Decimal("0.0831"),
                currency="USD",
            ),
            receipt(sent, part_count=70_000, price=Decimal("NaN")),
        ],
    )

    assert stored == 2
    first, second = ReceiptRecord.objects.order_by("pk")
    assert (first.error_kind, first.error_code) == ("blocked", "30007")
    assert (first.part_count, first.price) == (2, Decimal("0.0831"))
    assert len(first.provider_message_id) == 128
    # An oddity of the vendor is no reason to lose the news.
    assert (second.part_count, second.price) == (None, None)
    assert sending.store_receipts("default", []) == 0


def test_a_receipt_without_our_reference_is_found_by_the_vendors_id(sent):
    theirs = Receipt(
        provider_message_id=sent.provider_message_id, status=ReceiptStatus.DELIVERED
    )

    # Another vendor may use the same number for another message.
    news(theirs, alias="other")
    assert status_of(sent) == MessageStatus.SENT

    news(theirs)
    assert status_of(sent) == MessageStatus.DELIVERED


def test_r5_a_receipt_never_lowers_a_status(sent):
    news(receipt(sent), receipt(sent, "failed"), receipt(sent, "sent"))
    assert status_of(sent) == MessageStatus.DELIVERED

    news(receipt(sent, "expired"))
    assert status_of(sent) == MessageStatus.DELIVERED


def test_r5_a_receipt_before_its_result_is_kept_and_applied(provider, sender):
    message = factories.make_message(
        sender=sender, status=MessageStatus.CLAIMED, attempt=1, batch=live_batch(sender)
    )

    assert news(receipt(message)) == 0
    assert status_of(message) == MessageStatus.CLAIMED
    record = ReceiptRecord.objects.get()
    assert record.state == State.PENDING
    assert record.retry_at > record.received_at

    message.status, message.sent_at = MessageStatus.SENT, clock.now()
    message.save()
    ReceiptRecord.objects.update(retry_at=clock.now() - timedelta(seconds=1))

    assert sending.fold_receipts() == 1
    assert status_of(message) == MessageStatus.DELIVERED


def live_batch(sender, **over):
    now = clock.now()
    return SendBatch.objects.create(
        **{
            "worker": "test",
            "sender": sender,
            "lease_until": now + timedelta(seconds=60),
            "created_at": now,
            **over,
        }
    )


def test_r5_a_receipt_of_an_earlier_attempt_changes_nothing_but_a_delivery(
    provider, sender
):
    provider.plan(ErrorKind.TEMPORARY)
    message = factories.make_message(sender=sender, due_at=clock.now())
    dispatch()
    message.due_at = clock.now() - timedelta(seconds=1)
    message.save(update_fields=["due_at"])
    dispatch()
    assert (status_of(message), message.attempt) == (MessageStatus.SENT, 2)

    news(receipt(message, "failed", attempt=1))
    assert status_of(message) == MessageStatus.SENT

    news(receipt(message, "delivered", attempt=1))
    assert status_of(message) == MessageStatus.DELIVERED


def test_r3_a_receipt_resolves_an_unconfirmed_message(provider, sender):
    provider.plan(Outcome.UNCONFIRMED, Outcome.UNCONFIRMED)
    arrived = factories.make_message(sender=sender)
    lost = factories.make_message(sender=sender)
    dispatch()

    news(receipt(arrived, attempt=1), receipt(lost, "failed", attempt=1))

    assert status_of(arrived) == MessageStatus.DELIVERED
    assert status_of(lost) == MessageStatus.FAILED


def test_a_message_that_a_dead_worker_sent_gets_its_text_and_price(provider, sender):
    campaign = sending_campaign(sender, 1)
    message = campaign.messages.get()
    message.status, message.attempt = MessageStatus.UNCONFIRMED, 1
    message.save()

    news(receipt(message, "sent"))

    assert status_of(message) == MessageStatus.SENT
    assert message.body == "VSTe: Sveiki, Anna!\nAtteikties: STOP"
    assert (message.part_count, message.price) == (1, Decimal("0.05"))


def test_a_text_that_cannot_be_made_again_costs_no_news(provider, sender, caplog):
    campaign = sending_campaign(sender, 1, text="{{ last_name }}")
    message = campaign.messages.get()
    message.status, message.attempt = MessageStatus.UNCONFIRMED, 1
    message.save()
    finished = factories.make_message(
        sender=sender, status=MessageStatus.UNCONFIRMED, attempt=1
    )

    news(receipt(message), receipt(finished))

    assert status_of(message) == MessageStatus.DELIVERED
    assert message.body == ""
    assert status_of(finished) == MessageStatus.DELIVERED
    assert finished.price == Decimal("0.05")


def test_proof_that_it_left_stops_another_attempt(provider, sender):
    """The vendor refused it, or so we were told, and then reports a delivery."""
    provider.plan(ErrorKind.TEMPORARY)
    message = factories.make_message(sender=sender)
    dispatch()

    news(receipt(message, "failed", attempt=1))
    assert status_of(message) == MessageStatus.QUEUED

    news(receipt(message, attempt=1))
    assert status_of(message) == MessageStatus.DELIVERED


def test_the_vendors_parts_and_price_correct_ours(sent):
    news(receipt(sent, part_count=2))
    sent.refresh_from_db()
    assert (sent.part_count, sent.price) == (2, Decimal("0.10"))

    news(receipt(sent, price=Decimal("0.03"), currency="USD"))
    sent.refresh_from_db()
    assert (sent.price, sent.currency) == (Decimal("0.03"), "USD")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (ErrorKind.OPTED_OUT, SuppressionReason.CARRIER),
        (ErrorKind.INVALID_NUMBER, SuppressionReason.INVALID),
    ],
)
def test_r1_a_carriers_refusal_in_a_receipt_suppresses_the_number(sent, kind, reason):
    news(receipt(sent, "undelivered", error_kind=kind))

    assert Suppression.objects.get().reason == reason


def test_a_refusal_that_was_only_temporary_suppresses_nobody(sent):
    news(receipt(sent, "undelivered", error_kind=ErrorKind.TEMPORARY))

    assert not Suppression.objects.exists()


def test_news_of_an_erased_contact_changes_the_status_only(sent):
    contacts.erase(sent.contact)

    news(receipt(sent, "undelivered", error_kind=ErrorKind.INVALID_NUMBER))

    assert status_of(sent) == MessageStatus.UNDELIVERED
    assert (sent.to_phone, sent.body) == ("", "")
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"erased"}


def test_a_receipt_of_nobody_is_looked_at_for_a_day(sent):
    unknown = Receipt(reference="999999999-1", status=ReceiptStatus.DELIVERED)
    no_names = Receipt(status=ReceiptStatus.DELIVERED)

    assert news(unknown, no_names) == 0
    assert set(ReceiptRecord.objects.values_list("state", flat=True)) == {State.PENDING}

    yesterday = clock.now() - timedelta(hours=25)
    ReceiptRecord.objects.update(received_at=yesterday, retry_at=yesterday)

    assert sending.fold_receipts() == 2
    assert set(ReceiptRecord.objects.values_list("state", flat=True)) == {State.ORPHAN}


def test_the_waits_between_two_looks_grow(sent):
    news(Receipt(reference="999999999-1", status=ReceiptStatus.SENT))
    ago = clock.now() - timedelta(hours=5)
    ReceiptRecord.objects.update(received_at=ago, retry_at=ago)

    sending.fold_receipts()

    wait = ReceiptRecord.objects.get().retry_at - clock.now()
    assert timedelta(minutes=59) < wait <= timedelta(minutes=61)


def test_r5_two_workers_that_apply_at_once_lose_nothing(sent, monkeypatch):
    """The message changes between the read and the write: its news is kept."""
    from sms_marketing.sending import receipts

    real = receipts.update_rows

    def race(model, rows, **kwargs):
        if model is type(sent):
            type(sent).objects.filter(pk=sent.pk).update(status="failed")
        return real(model, rows, **kwargs)

    monkeypatch.setattr(receipts, "update_rows", race)
    assert news(receipt(sent)) == 0
    assert status_of(sent) == MessageStatus.FAILED

    monkeypatch.setattr(receipts, "update_rows", real)
    ReceiptRecord.objects.update(retry_at=clock.now() - timedelta(seconds=1))
    sending.fold_receipts()
    assert status_of(sent) == MessageStatus.DELIVERED


def test_receipts_applied_is_told_once_for_each_status(provider, sender):
    first, second = (factories.make_message(sender=sender) for _ in range(2))
    dispatch()
    told = []

    def listen(message_ids, status, **kwargs):
        told.append((status, message_ids))

    signals.receipts_applied.connect(listen)
    try:
        news(receipt(first, attempt=1), receipt(second, "expired", attempt=1))
        news(receipt(first, attempt=1))
    finally:
        signals.receipts_applied.disconnect(listen)

    assert sorted(told) == [("delivered", [first.pk]), ("expired", [second.pk])]


def test_r5_shuffled_tripled_and_early_receipts_end_as_the_oracle_says(
    provider, sender
):
    """200 messages, their news three times, in any order, some before the send."""
    dice = random.Random(20261124)
    campaign = sending_campaign(sender, 60)
    wanted, pending = {}, []
    for message in campaign.messages.all():
        told = dice.sample(["sent", "delivered", "undelivered", "failed"], 2)
        wanted[message.pk] = max(RANKS[MessageStatus(status)] for status in told)
        pending += [receipt(message, status, attempt=1) for status in told] * 3
    dice.shuffle(pending)

    early, late = pending[:90], pending[90:]
    news(*early)
    dispatch()
    for start in range(0, len(late), 50):
        news(*late[start : start + 50])
    ReceiptRecord.objects.update(retry_at=clock.now() - timedelta(seconds=1))
    sending.fold_receipts()

    found = {
        row.pk: RANKS[MessageStatus(row.status)] for row in campaign.messages.all()
    }
    assert found == wanted
    assert not ReceiptRecord.objects.filter(state=State.PENDING).exists()


def test_folding_takes_no_more_queries_for_more_receipts(provider, sender):
    def queries(count):
        campaign = sending_campaign(sender, count)
        dispatch()
        sending.store_receipts(
            "default", [receipt(m, attempt=1) for m in campaign.messages.all()]
        )
        with CaptureQueriesContext(connection) as captured:
            assert sending.fold_receipts() == count
        return len(captured)

    assert queries(30) == queries(2)


def test_a_pass_takes_no_more_than_its_limit(sent):
    sending.store_receipts("default", [receipt(sent)] * 5)

    assert sending.fold_receipts(limit=3) == 3
    assert sending.fold_receipts(limit=3) == 2
