"""How far a campaign has come, asked while it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from sms_marketing.campaigns.lifecycle import OPEN
from sms_marketing.core import clock
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Contact,
    Message,
    MessageStatus,
)

#: The speed is that of so many seconds: short enough to show a stop, long enough to be
#: steady at one message a second.
WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts by status, and what follows from them.

    ``done`` are those that are neither queued nor in a worker's hands. ``total`` is the
    audience; while it is launched, the part of it written so far, and
    ``launched_percent`` says how far that is. ``eta_seconds`` is None when nothing has
    left within the last minute, 0 when nothing is left to do.
    """

    counts: Mapping[str, int]
    total: int
    done: int
    percent: int
    launched_percent: int
    per_second: float
    eta_seconds: int | None


def progress(campaign: Campaign) -> Progress:
    """Ask in one query, two while it is launched."""
    now = clock.now()
    counts: dict[str, int] = {}
    recent = 0
    last_due: datetime | None = None
    since = now - timedelta(seconds=WINDOW_SECONDS)
    # Without its ordering: the index on (campaign, contact) then serves the count.
    rows = Message.objects.filter(campaign=campaign).order_by().values_list("status")
    for status, count, left, due in rows.annotate(
        count=Count("pk"),
        left=Count("pk", filter=Q(sent_at__gte=since)),
        due=Max("due_at"),
    ):
        counts[status] = count
        recent += left
        last_due = due if status == MessageStatus.QUEUED else last_due
    total = sum(counts.values())
    waiting = sum(counts.get(status, 0) for status in OPEN)
    per_second = recent / WINDOW_SECONDS
    return Progress(
        counts=counts,
        total=total,
        done=total - waiting,
        percent=100 * (total - waiting) // total if total else 0,
        launched_percent=_launched_percent(campaign),
        per_second=per_second,
        eta_seconds=_eta(waiting, per_second, last_due, now=now),
    )


def _launched_percent(campaign: Campaign) -> int:
    if campaign.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}:
        return 0
    if campaign.status != CampaignStatus.LAUNCHING:
        return 100
    last: int = Contact.objects.aggregate(last=Max("pk"))["last"] or 1
    return min(100 * campaign.launch_checkpoint // last, 100)


def _eta(
    waiting: int, per_second: float, last_due: datetime | None, *, now: datetime
) -> int | None:
    if not waiting:
        return 0
    # Rows for another zone's morning take until then, however fast we are.
    until_due = (last_due - now).total_seconds() if last_due else 0.0
    if not per_second:
        return round(until_due) if until_due > WINDOW_SECONDS else None
    return round(max(waiting / per_second, until_due))
