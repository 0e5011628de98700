"""Takes up what dead workers had in hand, and asks carriers what became of it (R3)."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.db import router, transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from sms_marketing.conf import settings
from sms_marketing.core.db import DatabaseNow, update_rows
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Message,
    MessageStatus,
    SendBatch,
)
from sms_marketing.providers import (
    BaseProvider,
    Lookup,
    LookupOutcome,
    Receipt,
    ReceiptStatus,
    get_provider,
)
from sms_marketing.sending.receipts import fold_receipts, store_receipts

logger = logging.getLogger(__name__)

#: Questions to one provider in one run, how many at once, and for how long.
MAX_QUESTIONS = 1000
QUESTIONS_AT_ONCE = 16
ASK_SECONDS = 10.0


@dataclass(slots=True, kw_only=True)
class RecoverReport:
    """What a recovery found, in messages (and batches)."""

    batches: int = 0
    #: Surely never handed over: back in the queue.
    requeued: int = 0
    #: Perhaps with the carrier: waits for a receipt, an answer, or the operator.
    unconfirmed: int = 0
    #: The carrier knew them.
    found: int = 0
    #: The carrier did not, or takes each reference once only: sent again.
    sent_again: int = 0
    #: Put back by a worker after their campaign was canceled.
    canceled: int = 0


def recover() -> RecoverReport:
    """Take up the batches whose worker died, and settle what can be settled.

    Rows above the watermark go back to the queue. Those at or below it may have left:
    they become ``unconfirmed``, and are only sent again when the carrier does not know
    them, or would not take them twice.
    """
    report = RecoverReport()
    using = router.db_for_write(SendBatch)
    for batch_id in list(_expired(using).order_by("pk").values_list("pk", flat=True)):
        _bury(batch_id, report, using)
    for alias, rows in _open_questions(using).items():
        _settle(alias, rows, report)
    report.canceled = _sweep_canceled(using)
    return report


def _sweep_canceled(using: str) -> int:
    queued = Message.objects.using(using).filter(status=MessageStatus.QUEUED)
    canceled = Campaign.objects.using(using).filter(
        Exists(queued.filter(campaign=OuterRef("pk"))), status=CampaignStatus.CANCELED
    )
    ids = list(canceled.values_list("pk", flat=True))
    if not ids:
        return 0
    return queued.filter(campaign__in=ids).update(status=MessageStatus.CANCELED)


class _Unconfirmed(NamedTuple):
    pk: int
    attempt: int
    batch: int
    sender__provider: str

    @property
    def reference(self) -> str:
        return f"{self.pk}-{self.attempt}"


def _expired(using: str) -> QuerySet[SendBatch]:
    return SendBatch.objects.using(using).filter(
        state=SendBatch.State.LIVE, lease_until__lt=DatabaseNow()
    )


def _bury(batch_id: int, report: RecoverReport, using: str) -> None:
    with transaction.atomic(using=using):
        # The fence: from here on the worker, if it wakes up, moves no watermark.
        if not _expired(using).filter(pk=batch_id).update(state=SendBatch.State.DEAD):
            return
        batch = SendBatch.objects.using(using).get(pk=batch_id)
        claimed = Message.objects.using(using).filter(
            batch=batch_id, status=MessageStatus.CLAIMED
        )
        requeued = claimed.filter(pk__gt=batch.watermark).update(
            status=MessageStatus.QUEUED, batch=None, attempt=F("attempt") - 1
        )
        unconfirmed = claimed.update(status=MessageStatus.UNCONFIRMED)
    report.batches += 1
    report.requeued += requeued
    report.unconfirmed += unconfirmed
    logger.warning(
        "batch %s lost its worker: %d put back, %d unconfirmed",
        *(batch_id, requeued, unconfirmed),
    )


def _open_questions(using: str) -> dict[str, list[_Unconfirmed]]:
    """Unconfirmed rows whose lease is over: no request of theirs is under way."""
    oldest = DatabaseNow() - timedelta(hours=settings().UNCONFIRMED_HOURS)
    rows = Message.objects.using(using).filter(
        status=MessageStatus.UNCONFIRMED,
        batch__lease_until__lt=DatabaseNow(),
        batch__lease_until__gt=oldest,
    )
    aliases = rows.order_by().values_list("sender__provider", flat=True).distinct()
    found: dict[str, list[_Unconfirmed]] = {}
    for alias in aliases:
        if _can_settle(alias):
            theirs = rows.filter(sender__provider=alias).order_by("?")[:MAX_QUESTIONS]
            found[alias] = [
                _Unconfirmed._make(row)
                for row in theirs.values_list(*_Unconfirmed._fields)
            ]
    return found


def _can_settle(alias: str) -> bool:
    try:
        provider = get_provider(alias)
    except ConfigurationError as error:
        logger.error("provider %s cannot be asked: %s", alias, error)
        return False
    return provider.supports_lookup or provider.supports_idempotency


def _settle(alias: str, rows: Sequence[_Unconfirmed], report: RecoverReport) -> None:
    provider = get_provider(alias)
    if provider.supports_idempotency:
        # The same reference again: the vendor takes it once, however often it comes.
        report.sent_again += _send_again(rows, attempt_change=-1)
        return
    answers = _ask(provider, rows)
    known = [
        _as_receipt(row, answer)
        for row, answer in answers
        if answer.outcome == LookupOutcome.FOUND
    ]
    if known:
        # Kept first, like any other news; a receipt may have told it already.
        store_receipts(alias, known)
        fold_receipts()
        report.found += len(known)
    report.sent_again += _send_again(
        [row for row, answer in answers if answer.outcome == LookupOutcome.NOT_KNOWN],
        attempt_change=0,
    )


def _ask(
    provider: BaseProvider, rows: Sequence[_Unconfirmed]
) -> list[tuple[_Unconfirmed, Lookup]]:
    until = time.monotonic() + ASK_SECONDS

    def ask(row: _Unconfirmed) -> Lookup:
        if time.monotonic() > until:
            return Lookup(outcome=LookupOutcome.UNANSWERED)
        return provider.find(row.reference)

    with ThreadPoolExecutor(QUESTIONS_AT_ONCE) as pool:
        return list(zip(rows, pool.map(ask, rows), strict=True))


def _as_receipt(row: _Unconfirmed, answer: Lookup) -> Receipt:
    found = answer.receipt
    return Receipt(
        reference=row.reference,
        provider_message_id=found.provider_message_id if found else "",
        status=found.status if found else ReceiptStatus.SENT,
        error_kind=found.error_kind if found else None,
        error_code=found.error_code if found else "",
        occurred_at=found.occurred_at if found else None,
        part_count=found.part_count if found else None,
        price=found.price if found else None,
        currency=found.currency if found else "",
    )


def _send_again(rows: Iterable[_Unconfirmed], *, attempt_change: int) -> int:
    again = update_rows(
        Message,
        [
            (
                *(row.pk, row.attempt, row.batch),
                *(MessageStatus.QUEUED, row.attempt + attempt_change, None),
            )
            for row in rows
        ],
        keys=("id", "attempt", "batch"),
        sets=("status", "attempt", "batch"),
        where={"status": [MessageStatus.UNCONFIRMED]},
        using=router.db_for_write(Message),
    )
    return len(again)
