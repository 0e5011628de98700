"""How fast a sender may go, shared by all workers through its row; and its breaker.

The rate is a bucket of parts that fills by the database's clock. A message may overdraw
it, so that ten parts leave at one part a second too: the next ones wait it off.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import router
from django.db.models import Case, F, QuerySet, When
from django.db.models.functions import Greatest

from sms_marketing.core.db import DatabaseNow, database_now
from sms_marketing.models import Sender
from sms_marketing.providers import ErrorKind, Outcome, SendResult
from sms_marketing.sending.senders import halt_sender

logger = logging.getLogger(__name__)

#: Account-level refusals in a row that halt a sender.
MAX_ACCOUNT_ERRORS = 5
#: The bucket holds what flows in during so many seconds, and two parts at least: a
#: worker that looks late must find what flowed in meanwhile.
BURST_SECONDS = 0.5
SMALLEST_BUCKET = 2.0
#: Tries against other workers for one sip of the bucket.
MAX_RACES = 5
#: The vendor says "too many" without saying how long.
DEFAULT_PAUSE = 1.0


def take_parts(sender_id: int, parts: Sequence[int]) -> int:
    """Take what these messages need, in order; returns how many of them may leave now.

    Counts parts, not messages. A sender without a rate lets all go.
    """
    using = router.db_for_write(Sender)
    senders = Sender.objects.using(using).filter(pk=sender_id)
    for _race in range(MAX_RACES):
        rate, level, filled_at = senders.values_list(
            "parts_per_second", "bucket_parts", "bucket_at"
        ).get()
        if rate is None:
            return len(parts)
        now = database_now(using)
        level = _filled(rate, level, filled_at, now)
        count, needed = _affordable(level, parts)
        if not count:
            return 0
        # Compare and swap: no lock is held while nothing happens.
        mine = (
            senders.filter(bucket_at=filled_at)
            if filled_at
            else senders.filter(bucket_at__isnull=True)
        )
        if filled_at != now and mine.update(bucket_parts=level - needed, bucket_at=now):
            return count
    return 0


def note_results(sender: Sender, results: Iterable[SendResult]) -> bool:
    """Learn from a run of results, in order; True if the sender has to stop for now.

    It pauses when the vendor says so. Five account-level refusals in a row (no money,
    wrong credentials) halt it; a message that is taken starts the count anew.
    """
    streak, pause, was_taken = 0, 0.0, False
    kind: ErrorKind | None = None
    for result in results:
        if result.outcome == Outcome.ACCEPTED:
            streak, was_taken = 0, True
        elif result.error_kind is not None and result.error_kind.is_account_level:
            streak, kind = streak + 1, result.error_kind
        if result.error_kind == ErrorKind.THROTTLED:
            pause = max(pause, result.retry_after or DEFAULT_PAUSE)
    if pause:
        _pause(sender, pause)
    if streak or (was_taken and sender.account_errors):
        _count(sender, streak, kind, anew=was_taken)
    return bool(pause) or sender.account_errors >= MAX_ACCOUNT_ERRORS


def _filled(
    rate: float, level: float, filled_at: datetime | None, now: datetime
) -> float:
    if filled_at is None:
        return 1.0
    full = max(SMALLEST_BUCKET, rate * BURST_SECONDS)
    passed = max(0.0, (now - filled_at).total_seconds())
    return min(full, level + rate * passed)


def _affordable(level: float, parts: Sequence[int]) -> tuple[int, int]:
    needed = 0
    for count, size in enumerate(parts):
        # A large message waits for a full part of it only, then overdraws.
        if level - needed < 1.0:
            return count, needed
        needed += size
    return len(parts), needed


def _pause(sender: Sender, seconds: float) -> None:
    until = DatabaseNow() + timedelta(seconds=seconds)
    later = Case(
        When(not_before__isnull=True, then=until), default=Greatest("not_before", until)
    )
    _rows(sender).update(not_before=later)
    logger.warning(
        "sender %s pauses for %.1f s: the vendor says so", sender.pk, seconds
    )


def _count(sender: Sender, streak: int, kind: ErrorKind | None, *, anew: bool) -> None:
    before = 0 if anew else F("account_errors")
    _rows(sender).update(account_errors=before + streak)
    sender.account_errors = _rows(sender).values_list("account_errors", flat=True).get()
    if sender.account_errors >= MAX_ACCOUNT_ERRORS:
        halt_sender(
            sender,
            reason=f"{sender.account_errors} refusals in a row, the last: {kind}. "
            "Check the account at the provider, then resume this sender.",
        )


def _rows(sender: Sender) -> QuerySet[Sender]:
    return Sender.objects.using(router.db_for_write(Sender)).filter(pk=sender.pk)
