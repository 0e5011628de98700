"""Writes what became of messages, many at once, and only while they are ours."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import router

from sms_marketing import signals
from sms_marketing.core.db import update_rows
from sms_marketing.models import (
    Brand,
    Message,
    MessageStatus,
    Sender,
)
from sms_marketing.providers import ErrorKind, Outcome, SendResult
from sms_marketing.sending.claim import Row
from sms_marketing.sending.gate import Verdict
from sms_marketing.sending.rendering import RenderedText
from sms_marketing.sending.retry import next_try
from sms_marketing.sending.suppressing import suppress_refused
from sms_marketing.sending.vendor_values import clip, sane_parts, sane_price

logger = logging.getLogger(__name__)

#: Still in the hand of the worker that claimed it, or lost by it (R3).
OPEN = (MessageStatus.CLAIMED, MessageStatus.UNCONFIRMED)
# The batch too: a row that was put back and claimed anew may have the same attempt.
_KEYS = ("id", "attempt", "batch")
_RESULT = (
    "status",
    "provider_message_id",
    "part_count",
    "price",
    "currency",
    "language",
    "body",
    "error_kind",
    "error_code",
    "sent_at",
    "due_at",
)
_VERDICT = ("status", "skip_reason", "due_at", "attempt", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A message that was handed to a provider's thread, as it was rendered."""

    row: Row
    batch_id: int
    sender: Sender
    brand: Brand
    rendered: RenderedText


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a provider said of a message, and how many seconds ago."""

    handed: Handed
    result: SendResult
    age: float


def record_verdicts(
    rows: Iterable[Row], *, verdicts: dict[int, Verdict], batch_id: int
) -> set[int]:
    """Skip, put back or cancel rows of a batch that were never handed over."""
    values = [
        _verdict_values(row, verdicts[row.pk], batch_id)
        for row in rows
        if row.pk in verdicts
    ]
    return _write(values, sets=_VERDICT)


def record_results(results: Sequence[Result], *, now: datetime) -> dict[int, str]:
    """Write the outcomes of one or more batches; returns the new status of each id.

    Those that lost their batch meanwhile are left alone. Numbers that a carrier refuses
    are suppressed first, so that a crash in between forgets nothing.
    """
    for result in results:
        if result.result.error_kind is not None:
            _suppress(result.handed, result.result.error_kind)
    values = [_result_values(result, now) for result in results]
    changed = _write(values, sets=_RESULT, blank_with={"body": "to_phone"})
    statuses = {value[0]: str(value[3]) for value in values if value[0] in changed}
    sent = [pk for pk, status in statuses.items() if status == MessageStatus.SENT]
    if sent:
        signals.messages_sent.send_robust(sender=Message, message_ids=sent)
    return statuses


def _write(
    values: Sequence[Sequence[Any]],
    *,
    sets: Sequence[str],
    blank_with: dict[str, str] | None = None,
) -> set[int]:
    return update_rows(
        Message,
        values,
        keys=_KEYS,
        sets=sets,
        where={"status": OPEN},
        blank_with=blank_with,
        using=router.db_for_write(Message),
    )


def _verdict_values(row: Row, verdict: Verdict, batch_id: int) -> tuple[Any, ...]:
    return (
        row.pk,
        row.attempt,
        batch_id,
        verdict.status,
        verdict.skip_reason,
        verdict.due_at or row.due_at,
        # Never tried, so the number is free: its reference was used nowhere.
        row.attempt - 1 if verdict.gives_back else row.attempt,
        None if verdict.gives_back else batch_id,
    )


def _result_values(result: Result, now: datetime) -> tuple[Any, ...]:
    handed, answer = result.handed, result.result
    row, rendered = handed.row, handed.rendered
    status, due_at = _next(row, answer, now)
    is_out = status in (MessageStatus.SENT, MessageStatus.UNCONFIRMED)
    parts = sane_parts(answer.part_count) or rendered.part_count
    return (
        row.pk,
        row.attempt,
        handed.batch_id,
        status,
        clip(answer.provider_message_id, 128) or None,
        parts if is_out else None,
        _price(answer, rendered, parts) if is_out else None,
        clip(answer.currency or rendered.currency, 3) if is_out else "",
        rendered.language,
        row.body if status == MessageStatus.QUEUED else rendered.text,
        answer.error_kind or "",
        clip(answer.error_code, 64),
        _sent_at(result, now) if status == MessageStatus.SENT else None,
        due_at,
    )


def _next(
    row: Row, answer: SendResult, now: datetime
) -> tuple[MessageStatus, datetime]:
    if answer.outcome == Outcome.ACCEPTED:
        return MessageStatus.SENT, row.due_at
    if answer.outcome == Outcome.UNCONFIRMED:
        return MessageStatus.UNCONFIRMED, row.due_at
    wait = next_try(answer, attempt=row.attempt)
    if wait is None:
        return MessageStatus.FAILED, row.due_at
    return MessageStatus.QUEUED, now + wait


def _sent_at(result: Result, now: datetime) -> datetime:
    # One instant for all that are written in time: it is one parameter, not a column.
    return now if result.age < 1 else now - timedelta(seconds=result.age)


def _price(answer: SendResult, rendered: RenderedText, parts: int) -> Decimal | None:
    told = sane_price(answer.price)
    if told is not None:
        return told
    if rendered.price is None or parts == rendered.part_count:
        return rendered.price
    # The vendor counted otherwise: it will bill its own parts at our price.
    return rendered.price / rendered.part_count * parts


def _suppress(handed: Handed, kind: ErrorKind) -> None:
    suppress_refused(
        handed.row.to_phone,
        kind=kind,
        brand=handed.brand,
        sender=handed.sender,
        message_id=handed.row.pk,
    )
