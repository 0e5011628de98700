"""The launch: an audience becomes message rows, one for every member, none lost (R4).

How the figures add up. A segment can change while it is launched, and a snapshot of the
whole could not be resumed after a kill. So the audience is frozen range by range. In
one transaction, under the lock on the campaign's row, the members of the next range of
ids are counted, then written; both numbers must agree, and ``audience_count`` and the
checkpoint move by them. Each contact is judged once, when the launch passes over it,
and after each commit the rows equal ``audience_count``.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from django.db import router, transaction
from django.db.models import F, Max, Q, QuerySet

from sms_marketing.campaigns import checks
from sms_marketing.campaigns.audience import IdRange
from sms_marketing.campaigns.lifecycle import move, try_move
from sms_marketing.campaigns.rows import write_rows
from sms_marketing.conf import settings
from sms_marketing.core import clock
from sms_marketing.core.db import DatabaseNow, database_now, repeated_after_deadlock
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import InvalidTransition, NotSendable, SmsMarketingError
from sms_marketing.models import Campaign, CampaignStatus, Contact, Message

logger = logging.getLogger(__name__)

#: Below this a range that does not add up is a fault, not a change of the segment.
SMALLEST_CHUNK = 50

#: Where at most a quarter of the contacts are members, ranges grow to so many chunks.
SPARSE_FACTOR = 16


class Miscount(SmsMarketingError):
    """The rows written are not the members counted; the range was rolled back."""


def launch(campaign: Campaign) -> Campaign:
    """Freeze the audience and begin to write its rows; a worker does the work.

    Raises NotSendable, saying what to do, when a check finds an error, and
    InvalidTransition when it was launched already.
    """
    checks.refuse_errors(campaign)
    using = router.db_for_write(Campaign, instance=campaign)
    with transaction.atomic(using=using):
        move(
            campaign,
            CampaignStatus.LAUNCHING,
            audience_count=0,
            launch_checkpoint=0,
            launch_lease_until=None,
            launched_at=clock.now(),
            halt_reason="",
        )
        nudge("launch", campaign.pk, using=using)
    return campaign


def launch_due() -> int:
    """Launch what is scheduled for now; returns how many.

    A campaign that may not be sent goes back to draft and says why.
    """
    using = router.db_for_write(Campaign)
    due = Campaign.objects.using(using).filter(
        status=CampaignStatus.SCHEDULED, due_at__lte=DatabaseNow()
    )
    return sum(_launch_scheduled(campaign) for campaign in due)


def resume_launches() -> int:
    """Nudge the launches that nobody works on: their worker died or never began."""
    using = router.db_for_write(Campaign)
    idle = _idle(Campaign.objects.using(using)).values_list("pk", flat=True)
    for campaign_id in (found := list(idle)):
        nudge("launch", campaign_id, using=using)
    return len(found)


def run_launch(campaign_id: int, *, seconds: float | None = None) -> bool:
    """Write rows for a time slice; True when there is nothing left for this caller.

    False asks to be called again. Two at once do no harm: one works, the other leaves.
    """
    slice_ = settings().DISPATCH_SECONDS if seconds is None else seconds
    until = time.monotonic() + slice_
    campaign = _take(campaign_id)
    if campaign is None:
        return True
    size = settings().LAUNCH_CHUNK
    while (ids := _next_ids(campaign, size)) is not None:
        try:
            rows = _write(campaign, ids)
            if rows is None:
                return True
            size = _next_size(size, rows)
        except Miscount:
            # The segment changed between count and insert. What can change falls with
            # the square of the size (fewer members, less time); a fault does not.
            if size <= SMALLEST_CHUNK:
                raise
            size = max(size // 2, SMALLEST_CHUNK)
        if time.monotonic() >= until:
            _release(campaign)
            return False
    _complete(campaign)
    return True


def _launch_scheduled(campaign: Campaign) -> bool:
    try:
        launch(campaign)
    except NotSendable as refusal:
        logger.warning("campaign %s was due but may not be sent", campaign.pk)
        _back_to_draft(campaign, refusal.reason)
        return False
    except InvalidTransition:
        return False  # Somebody else launched or canceled it, which is as good.
    except Exception:
        # One broken campaign must not hold up the others (R6).
        logger.exception("campaign %s could not be launched", campaign.pk)
        return False
    return True


def _back_to_draft(campaign: Campaign, reason: str) -> None:
    longest = Campaign._meta.get_field("halt_reason").max_length
    fields = {"due_at": None, "halt_reason": reason[:longest]}
    try_move(campaign, CampaignStatus.DRAFT, **fields)


def _idle(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return campaigns.filter(
        Q(launch_lease_until__isnull=True) | Q(launch_lease_until__lt=DatabaseNow()),
        status=CampaignStatus.LAUNCHING,
    )


def _take(campaign_id: int) -> Campaign | None:
    campaigns = Campaign.objects.using(router.db_for_write(Campaign))
    lease = database_now(campaigns.db) + timedelta(seconds=settings().LEASE_SECONDS)
    idle = _idle(campaigns.filter(pk=campaign_id))
    if not idle.update(launch_lease_until=lease):
        return None
    return (
        campaigns.select_related("brand", "sender")
        .prefetch_related("segments", "excluded_segments", "variants__bodies")
        .get(pk=campaign_id)
    )


def _next_ids(campaign: Campaign, size: int) -> IdRange | None:
    # By counting, not by adding to the id: imports leave wide gaps between ids.
    using = router.db_for_write(Campaign)
    after = campaign.launch_checkpoint
    rest = Contact.objects.using(using).filter(pk__gt=after)
    ids = rest.order_by("pk").values_list("pk", flat=True)
    upto = ids[size - 1 : size].first() or rest.aggregate(last=Max("pk"))["last"]
    return None if upto is None else IdRange(after=after, upto=upto)


@repeated_after_deadlock(Message)
def _write(campaign: Campaign, ids: IdRange) -> int | None:
    using = router.db_for_write(Message)
    now = database_now(using)
    lease = now + timedelta(seconds=settings().LEASE_SECONDS)
    with transaction.atomic(using=using):
        # Fence, lock and checkpoint in one: a launcher that was stopped past its lease,
        # or whose campaign was canceled, changes nothing and leaves.
        mine = _mine(campaign).filter(launch_checkpoint=ids.after)
        if not mine.update(launch_checkpoint=ids.upto, launch_lease_until=lease):
            return None
        written = write_rows(campaign, ids, at=now)
        if written.members != written.rows:
            raise Miscount(f"{written.members} members, {written.rows} rows")
        Campaign.objects.using(using).filter(pk=campaign.pk).update(
            audience_count=F("audience_count") + written.rows
        )
    campaign.launch_checkpoint = ids.upto
    campaign.launch_lease_until = lease
    return written.rows


def _next_size(size: int, rows: int) -> int:
    # Few members among many contacts: longer ranges, or a narrow segment is evaluated
    # for each 20 000 of a million contacts. A dense one goes back to the usual size.
    usual = settings().LAUNCH_CHUNK
    return min(size * 2, usual * SPARSE_FACTOR if rows * 4 <= size else usual)


def _mine(campaign: Campaign) -> QuerySet[Campaign]:
    # The instant of the lease, exact to the microsecond, is also its owner's mark.
    return Campaign.objects.using(router.db_for_write(Campaign)).filter(
        pk=campaign.pk,
        status=CampaignStatus.LAUNCHING,
        launch_lease_until=campaign.launch_lease_until,
    )


def _release(campaign: Campaign) -> None:
    _mine(campaign).update(launch_lease_until=None)


def _complete(campaign: Campaign) -> None:
    if try_move(campaign, CampaignStatus.SENDING, launch_lease_until=None):
        nudge("dispatch", using=router.db_for_write(Campaign))
