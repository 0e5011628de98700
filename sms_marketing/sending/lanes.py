"""Where due messages stand, and which sender may carry them now.

Rows of no campaign first (codes and answers, service, marketing of journeys), then the
campaigns that are sending, each in its turn: an order never waits behind a campaign.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db import router
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from sms_marketing.core.db import DatabaseNow
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Category,
    Message,
    MessageStatus,
    Priority,
    Sender,
)
from sms_marketing.providers import get_provider

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Due rows that one batch may take, in the order of leaving, and their carrier."""

    due: QuerySet[Message]
    carrier: Sender
    #: None: rows of no campaign.
    campaign_id: int | None = None


def has_due(*, lane: str = "all") -> bool:
    """True if a message is due whose sender may send now."""
    return next(find_lanes(lane=lane), None) is not None


def find_lanes(
    *,
    lane: str = "all",
    busy: Collection[int] = (),
    turns: Mapping[int, int] | None = None,
) -> Iterator[Lane]:
    """The lanes with due rows, the most urgent first.

    ``busy`` senders are left out; of the campaigns the one with the lowest turn is
    first. One query for the senders, one for each priority, one for the campaigns.
    """
    carriers = _Carriers.load(busy=busy)
    if not carriers.ready:
        return
    yield from _direct_lanes(carriers)
    if lane == "all":
        yield from _campaign_lanes(carriers, turns or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carriers:
    """Who carries for whom: each sender for itself, or a stand-in for a halted one."""

    senders: Mapping[int, Sender]
    ready: frozenset[int]

    @classmethod
    def load(cls, *, busy: Collection[int]) -> _Carriers:
        senders = Sender.objects.using(router.db_for_write(Sender)).annotate(
            must_wait=ExpressionWrapper(
                Q(not_before__isnull=False) & Q(not_before__gt=DatabaseNow()),
                output_field=BooleanField(),
            )
        )
        in_order = {sender.pk: sender for sender in senders.order_by("priority", "pk")}
        ready = (
            pk
            for pk, sender in in_order.items()
            if _works(sender)
            and pk not in busy
            and not sender.must_wait
            and _is_configured(sender.provider)
        )
        return cls(senders=in_order, ready=frozenset(ready))

    def carrier_of(self, sender: Sender, *, category: str) -> Sender | None:
        """The sender itself; while it is halted, the next one that may carry this."""
        if _works(sender):
            return sender if sender.pk in self.ready else None
        if category == Category.COMPLIANCE:
            return None  # An answer comes from the number that was written to.
        allowed = (
            "allows_marketing"
            if category == Category.MARKETING
            else "allows_transactional"
        )
        for other in self.senders.values():
            same_brand = other.brand_id == sender.brand_id
            if same_brand and _works(other) and getattr(other, allowed):
                return other if other.pk in self.ready else None
        return None


def _is_configured(alias: str) -> bool:
    try:
        get_provider(alias)
    except ConfigurationError as error:
        logger.error("the senders of provider %s wait: %s", alias, error)
        return False
    return True


def _works(sender: Sender) -> bool:
    return sender.is_enabled and sender.halted_at is None


def _queued() -> QuerySet[Message]:
    messages = Message.objects.using(router.db_for_write(Message))
    return messages.filter(
        status=MessageStatus.QUEUED, due_at__lte=DatabaseNow()
    ).order_by("priority", "due_at", "pk")


def _direct_lanes(carriers: _Carriers) -> Iterator[Lane]:
    wanted = _carried(carriers)
    # One priority at a time: then the index ends at what is due, however much waits.
    for priority in Priority:
        direct = _queued().filter(campaign__isnull=True, priority=priority)
        head = direct.filter(wanted).values_list("sender", "category").first()
        if head is None:
            continue
        sender = carriers.senders[head[0]]
        carrier = carriers.carrier_of(sender, category=head[1])
        if carrier is not None:
            due = direct.filter(sender=sender, category=head[1])
            yield Lane(due=due, carrier=carrier)


def _carried(carriers: _Carriers) -> Q:
    """The messages that somebody may carry now."""
    if len(carriers.ready) == len(carriers.senders):
        return Q()
    wanted = Q(pk__in=[])
    for category in Category:
        ids = [
            sender.pk
            for sender in carriers.senders.values()
            if carriers.carrier_of(sender, category=category)
        ]
        wanted |= Q(category=category, sender__in=ids)
    return wanted


def _campaign_lanes(carriers: _Carriers, turns: Mapping[int, int]) -> Iterator[Lane]:
    queued = _queued().filter(priority=Priority.MARKETING)
    # Not Exists: MariaDB makes a join of it and reads all that is due, 26 ms of 20 000.
    of_it = queued.filter(campaign=OuterRef("pk"))
    sending = (
        Campaign.objects.using(queued.db)
        .alias(next_due=Subquery(of_it.values("pk")[:1]))
        .filter(status=CampaignStatus.SENDING, next_due__isnull=False)
    )
    # The claim asks once more: the campaign may be paused by then.
    still = Exists(
        Campaign.objects.filter(pk=OuterRef("campaign"), status=CampaignStatus.SENDING)
    )
    found = sorted(
        sending.values_list("pk", "sender"),
        key=lambda campaign: (turns.get(campaign[0], 0), campaign[0]),
    )
    for campaign_id, sender_id in found:
        sender = carriers.senders.get(sender_id)
        carrier = sender and carriers.carrier_of(sender, category=Category.MARKETING)
        if carrier:
            yield Lane(
                due=queued.filter(still, campaign=campaign_id),
                carrier=carrier,
                campaign_id=campaign_id,
            )
