"""Ending enrollments early, and taking back what they have queued."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sms_marketing.journeys.steps import once_key
from sms_marketing.models import (
    Enrollment,
    EnrollmentStatus,
    Message,
    MessageStatus,
    SkipReason,
    Step,
)

#: Keys in one statement; SQLite takes 32 766 parameters.
CHUNK = 1000


def end(
    enrollments: Sequence[Enrollment], *, reason: str, at: datetime, using: str
) -> int:
    """Take contacts off their journeys; return how many were still on the way.

    Messages that are queued are left out, also those of a journey that had just
    completed; what a worker has in its hands goes on. Journeys come with their steps.
    """
    active = Enrollment.objects.using(using).filter(
        pk__in=[enrollment.pk for enrollment in enrollments],
        status=EnrollmentStatus.ACTIVE,
    )
    ended = active.update(
        status=EnrollmentStatus.EXITED, due_at=None, ended_at=at, exit_reason=reason
    )
    withdraw(_keys(enrollments), using=using)
    return ended


def withdraw(keys: Iterable[str], *, using: str) -> None:
    """Leave out the queued messages of these once-keys; a claimed one is not ours."""
    wanted = list(keys)
    for start in range(0, len(wanted), CHUNK):
        Message.objects.using(using).filter(
            once_key__in=wanted[start : start + CHUNK], status=MessageStatus.QUEUED
        ).update(status=MessageStatus.SKIPPED, skip_reason=SkipReason.JOURNEY_LEFT)


def _keys(enrollments: Sequence[Enrollment]) -> Iterator[str]:
    # By key: messages have no index on the enrollment, launches pay for each one.
    for enrollment in enrollments:
        for step in enrollment.journey.steps.all():
            if step.kind == Step.Kind.SEND:
                for number in range(1, enrollment.round + 1):
                    yield once_key(enrollment.pk, step.pk, number)
