"""The life of a campaign: which moves there are, and how one is made without a race."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import router, transaction
from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from sms_marketing import signals
from sms_marketing.core import clock
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import InvalidTransition
from sms_marketing.models import Campaign, CampaignStatus, Message, MessageStatus

logger = logging.getLogger(__name__)

#: draft → scheduled → launching → sending ⇄ paused → finished, or canceled on the way.
#: A finished campaign goes on when one of its unconfirmed messages is to be sent again.
MOVES: Mapping[str, frozenset[str]] = {
    CampaignStatus.DRAFT: frozenset(
        {CampaignStatus.SCHEDULED, CampaignStatus.LAUNCHING, CampaignStatus.CANCELED}
    ),
    CampaignStatus.SCHEDULED: frozenset(
        {CampaignStatus.DRAFT, CampaignStatus.LAUNCHING, CampaignStatus.CANCELED}
    ),
    CampaignStatus.LAUNCHING: frozenset(
        {CampaignStatus.SENDING, CampaignStatus.CANCELED}
    ),
    CampaignStatus.SENDING: frozenset(
        {CampaignStatus.PAUSED, CampaignStatus.FINISHED, CampaignStatus.CANCELED}
    ),
    CampaignStatus.PAUSED: frozenset({CampaignStatus.SENDING, CampaignStatus.CANCELED}),
    CampaignStatus.FINISHED: frozenset({CampaignStatus.SENDING}),
    CampaignStatus.CANCELED: frozenset(),
}

#: Message ids for each transaction of a cancel: short locks, so that workers who
#: record results of claimed rows do not wait.
CANCEL_CHUNK = 20_000

#: Rows that still hold a campaign open. Unconfirmed ones do not (R3): they may wait a
#: day for an operator.
OPEN = (MessageStatus.QUEUED, MessageStatus.CLAIMED)

#: Looks at a status that others are moving at the same time, before giving up.
TRIES = 5


def move(campaign: Campaign, to: str, **fields: Any) -> Campaign:
    """Move to another status by compare-and-swap, and write ``fields`` with it.

    Raises InvalidTransition, which tells the status as it is now, when there is no such
    move or somebody else moved first. Sends ``campaign_moved`` after the commit.
    """
    using = router.db_for_write(Campaign, instance=campaign)
    row = Campaign.objects.using(using).filter(pk=campaign.pk)
    for _try in range(TRIES):
        old = row.values_list("status", flat=True).get()
        if to not in MOVES[old]:
            break
        changes = {"status": to, "updated_at": clock.now(), **fields}
        if row.filter(status=old).update(**changes):
            campaign.refresh_from_db(using=using)
            announce = partial(_announce, campaign, old, to)
            transaction.on_commit(announce, using=using, robust=True)
            return campaign
    raise InvalidTransition(
        _('"%(name)s" is %(status)s now and cannot become %(to)s.')
        % {
            "name": campaign.name,
            "status": CampaignStatus(old).label,
            "to": CampaignStatus(to).label,
        }
    )


def try_move(campaign: Campaign, to: str, **fields: Any) -> bool:
    """The same, but False where somebody else moved it first."""
    try:
        move(campaign, to, **fields)
    except InvalidTransition:
        return False
    return True


def pause(campaign: Campaign) -> Campaign:
    """Stop sending; rows stay queued, and what a worker has in hand still leaves."""
    return move(campaign, CampaignStatus.PAUSED)


def resume(campaign: Campaign) -> Campaign:
    """Go on with the rows that are still queued; nobody is sent to twice."""
    move(campaign, CampaignStatus.SENDING, halt_reason="")
    nudge("dispatch", using=router.db_for_write(Campaign, instance=campaign))
    return campaign


def cancel(campaign: Campaign) -> int:
    """Give up; queued rows become canceled, claimed ones finish. Returns how many.

    A launch that is under way stops at its next chunk; what it wrote is canceled.
    """
    move(campaign, CampaignStatus.CANCELED, finished_at=clock.now())
    return _cancel_queued(campaign)


def finish_ready() -> int:
    """Close what has nothing left to send; returns how many campaigns moved.

    Also sweeps rows that came back to a canceled campaign (a worker died with them in
    hand), and reopens a finished one when a message of it is to be sent again.
    """
    using = router.db_for_write(Campaign)
    campaigns = Campaign.objects.using(using)
    queued = Exists(_rows(MessageStatus.QUEUED))
    for canceled in campaigns.filter(queued, status=CampaignStatus.CANCELED):
        _cancel_queued(canceled)
    reopened = campaigns.filter(queued, status=CampaignStatus.FINISHED)
    moved = sum(
        try_move(campaign, CampaignStatus.SENDING, finished_at=None)
        for campaign in reopened
    )
    done = campaigns.filter(~Exists(_rows(*OPEN)), status=CampaignStatus.SENDING)
    return moved + sum(
        try_move(campaign, CampaignStatus.FINISHED, finished_at=clock.now())
        for campaign in done
    )


def _announce(campaign: Campaign, old: str, new: str) -> None:
    logger.info("campaign %s moved from %s to %s", campaign.pk, old, new)
    signals.campaign_moved.send_robust(
        sender=Campaign, campaign=campaign, old_status=old, new_status=new
    )


def _rows(*statuses: str) -> QuerySet[Message]:
    return Message.objects.filter(campaign=OuterRef("pk"), status__in=statuses)


def _cancel_queued(campaign: Campaign) -> int:
    using = router.db_for_write(Message)
    queued = Message.objects.using(using).filter(
        campaign=campaign, status=MessageStatus.QUEUED
    )
    bounds = queued.aggregate(first=Min("pk"), last=Max("pk"))
    if bounds["first"] is None:
        return 0
    return sum(
        queued.filter(Q(pk__gte=start) & Q(pk__lt=start + CANCEL_CHUNK)).update(
            status=MessageStatus.CANCELED
        )
        for start in range(bounds["first"], bounds["last"] + 1, CANCEL_CHUNK)
    )
