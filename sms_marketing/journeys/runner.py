"""Takes the steps that are due: waits are over, messages are queued."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import router, transaction
from django.db.models import QuerySet

from sms_marketing import contacts, events, sending, signals
from sms_marketing.core.db import DatabaseNow, database_now
from sms_marketing.exceptions import NotSendable, SmsMarketingError
from sms_marketing.journeys.steps import (
    choose_variant,
    next_stop,
    once_key,
    total_wait,
)
from sms_marketing.models import (
    Category,
    Enrollment,
    EnrollmentStatus,
    JourneyStatus,
    Step,
)

logger = logging.getLogger(__name__)

#: Enrollments looked at together; each is its own transaction.
CHUNK = 50
#: A step that failed is tried again after so long, and given up a day later.
RETRY = timedelta(minutes=5)
GIVE_UP = timedelta(hours=24)
#: After an outage or a pause, a reminder of last week's cart helps nobody.
TOO_LATE = timedelta(days=3)

GUARD_CLOSED = "guard_closed"
LATE = "too_late"
FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Where an enrollment goes from here, and what is sent on the way."""

    changes: Mapping[str, Any]
    sends: Sequence[Step] = ()


def run_due(limit: int = 1000) -> int:
    """Take the steps that are due by the database's clock; return how many enrollments.

    Two runners at once send once: who moves the enrollment queues its message, in one
    transaction. One that fails holds up nobody (R6).
    """
    using = router.db_for_write(Enrollment)
    done = 0
    while done < limit:
        due = _due(using).order_by("due_at", "pk")
        ids = list(due.values_list("pk", flat=True)[: min(CHUNK, limit - done)])
        moved = run(ids)
        done += moved
        if not moved:
            break
    return done


def run(enrollment_ids: Sequence[int]) -> int:
    """Take the due steps of these enrollments; return how many moved."""
    using = router.db_for_write(Enrollment)
    moved = 0
    for start in range(0, len(enrollment_ids), CHUNK):
        chunk = enrollment_ids[start : start + CHUNK]
        moved += _run_chunk(chunk, using)
    return moved


def _due(using: str) -> QuerySet[Enrollment]:
    return Enrollment.objects.using(using).filter(
        status=EnrollmentStatus.ACTIVE,
        due_at__lte=DatabaseNow(),
        journey__status=JourneyStatus.LIVE,
    )


def _run_chunk(ids: Sequence[int], using: str) -> int:
    rows = _due(using).filter(pk__in=ids).order_by("due_at", "pk")
    enrollments = list(
        rows.select_related(
            "contact", "journey__brand", "journey__sender"
        ).prefetch_related("journey__steps__variants")
    )
    if not enrollments:
        return 0
    now = database_now(using)
    closed = _closed(enrollments)
    return sum(
        _advance(row, is_closed=row.pk in closed, now=now, using=using)
        for row in enrollments
    )


def _closed(enrollments: Sequence[Enrollment]) -> set[int]:
    """Those whose object is not as it was, by the host's word: one query a guard."""
    by_guard: dict[str, list[Enrollment]] = {}
    for row in enrollments:
        if row.journey.guard:
            by_guard.setdefault(row.journey.guard, []).append(row)
    closed: set[int] = set()
    for name, rows in by_guard.items():
        try:
            open_ids = events.get_guard(name).open_ids([row.object_id for row in rows])
        except Exception as error:  # noqa: BLE001  (R6: host code)
            # Asked once more before the message leaves; there it is put on record.
            logger.warning("guard %s failed: %s", name, type(error).__name__)
            continue
        closed |= {row.pk for row in rows if row.object_id not in open_ids}
    return closed


def _advance(row: Enrollment, *, is_closed: bool, now: datetime, using: str) -> bool:
    try:
        with transaction.atomic(using=using):
            move = _next_move(row, is_closed=is_closed, now=now)
            if not _change(row, move.changes, using):
                return False
            for step in move.sends:
                _send(row, step, using)
    except Exception as error:  # noqa: BLE001  (R6: the others go on)
        cause = error if isinstance(error, SmsMarketingError) else type(error).__name__
        logger.error("enrollment %s failed and is tried again: %s", row.pk, cause)
        return _postpone(row, now, using)
    return True


def _next_move(row: Enrollment, *, is_closed: bool, now: datetime) -> _Move:
    if is_closed:
        return _Move(changes=_exit(GUARD_CLOSED, now))
    if row.due_at is not None and now - row.due_at > TOO_LATE:
        return _Move(changes=_exit(LATE, now))
    steps = list(row.journey.steps.all())
    # The journey may have been edited: whatever stands there now, or behind it.
    stop = next_stop(steps, after=row.position - 1, at=now)
    sends: list[Step] = []
    changes: dict[str, Any]
    while stop.step is not None and stop.due_at <= now:
        sends.append(stop.step)
        stop = next_stop(steps, after=stop.step.position, at=now)
    if stop.step is None:
        changes = {
            "status": EnrollmentStatus.COMPLETED,
            "due_at": None,
            "ended_at": now,
        }
    else:
        changes = {"position": stop.step.position, "due_at": stop.due_at}
    return _Move(changes=changes, sends=sends)


def _exit(reason: str, now: datetime) -> dict[str, Any]:
    return {
        "status": EnrollmentStatus.EXITED,
        "due_at": None,
        "ended_at": now,
        "exit_reason": reason,
    }


def _change(row: Enrollment, changes: Mapping[str, Any], using: str) -> bool:
    # Compare and swap: whoever comes second finds another position or due time.
    unchanged = Enrollment.objects.using(using).filter(
        pk=row.pk,
        status=EnrollmentStatus.ACTIVE,
        position=row.position,
        due_at=row.due_at,
    )
    return bool(unchanged.update(**changes))


def _send(row: Enrollment, step: Step, using: str) -> None:
    journey = row.journey
    variants = list(step.variants.all())
    if not variants:
        raise NotSendable(f"Step {step.pk} has no text.")
    if journey.guard and journey.category == Category.MARKETING:
        contacts.announce(
            signals.cart_abandoned,
            using=using,
            sender=Enrollment,
            contact=row.contact,
            enrollment=row,
        )
    sending.enqueue(
        row.contact,
        brand=journey.brand,
        category=journey.category,
        sender=journey.sender,
        variant=choose_variant(variants, step_id=step.pk, contact_id=row.contact_id),
        context=row.context,
        once_key=once_key(row.pk, step.pk, row.round),
        topic=journey.topic,
        guard=journey.guard,
        guard_object=row.object_id if journey.guard else "",
        enrollment=row,
        step=step,
    )


def _postpone(row: Enrollment, now: datetime, using: str) -> bool:
    hopeless = now - row.entered_at > total_wait(row.journey.steps.all()) + GIVE_UP
    changes = _exit(FAILED, now) if hopeless else {"due_at": now + RETRY}
    return _change(row, changes, using)
