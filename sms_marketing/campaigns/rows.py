"""The message rows of one range of contacts: counted, then written in two statements.

Two, because consent and suppression are then semi-joins, each evaluated once: those who
get a message, then everybody else with the reason. One statement with a CASE for status
and another for the reason would ask each question twice for each contact.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Case,
    Count,
    DateTimeField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from sms_marketing.campaigns.audience import (
    IdRange,
    audience,
    consenting,
    unsuppressed,
)
from sms_marketing.campaigns.moments import Moments, moments_of
from sms_marketing.campaigns.splitting import (
    Split,
    bucket_expression,
    held_out,
    split_of,
    variant_expression,
)
from sms_marketing.core.db import insert_from_select
from sms_marketing.models import (
    Campaign,
    Category,
    Contact,
    Message,
    MessageStatus,
    Priority,
    SkipReason,
)

#: Columns that differ between the rows of a campaign; the annotations carry a prefix,
#: because a contact has fields of the same names.
PREFIX = "new_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What one range came to; equal, unless the segment changed in between."""

    members: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Range:
    campaign: Campaign
    ids: IdRange
    members: QuerySet[Contact]
    moments: Moments
    split: Split
    at: datetime


def write_rows(campaign: Campaign, ids: IdRange, *, at: datetime) -> Written:
    """Write a row for every member in the range; the caller holds the transaction.

    Three statements, however many contacts there are. Members are counted by place
    (the same query tells which zones to work out the hour for), apart from the writing.
    """
    members = audience(campaign, now=campaign.launched_at, ids=ids)
    members = members.annotate(place=F("zone"))
    places = _places(members)
    if not places:
        return Written(members=0, rows=0)
    range_ = _Range(
        campaign=campaign,
        ids=ids,
        members=members.annotate(new_bucket=bucket_expression(campaign.salt)),
        moments=moments_of(campaign, places, at=at),
        split=split_of(campaign, list(campaign.variants.all())),
        at=at,
    )
    rows = _write_queued(range_) + _write_left_out(range_)
    return Written(members=sum(places.values()), rows=rows)


def _places(members: QuerySet[Any]) -> dict[str, int]:
    return dict(members.order_by().values_list("place").annotate(n=Count("pk")))


def _write_queued(range_: _Range) -> int:
    campaign, moments = range_.campaign, range_.moments
    agreed = consenting(range_.members, campaign, ids=range_.ids)
    chosen = unsuppressed(agreed, campaign)
    if moments.refused:
        chosen = chosen.exclude(moments.is_refused())
    if campaign.holdout_percent:
        chosen = chosen.exclude(held_out(range_.split, "new_bucket"))
    return _insert(
        range_,
        chosen,
        status=Value(MessageStatus.QUEUED.value),
        variant=variant_expression(range_.split, "new_bucket"),
        due_at=moments.expression(),
    )


def _write_left_out(range_: _Range) -> int:
    # The range again, because the planner does not infer it: without it each chunk
    # reads the rows of all chunks before.
    written = Message.objects.filter(
        campaign=range_.campaign,
        contact__gt=range_.ids.after,
        contact__lte=range_.ids.upto,
    )
    row = written.filter(contact=OuterRef("pk"))
    return _insert(
        range_,
        range_.members.filter(~Exists(row)),
        status=Value(MessageStatus.SKIPPED.value),
        skip_reason=_reason(range_),
        due_at=Value(range_.at, output_field=DateTimeField()),
    )


def _reason(range_: _Range) -> Case:
    # The whole range, not a row of it: an uncorrelated IN is one join, while PostgreSQL
    # compiles (JIT) or hashes what it believes to be 20 000 lookups: 330 and 640 ms.
    everybody = range_.ids.of(Contact.objects.using(range_.members.db))
    consented = consenting(everybody, range_.campaign, ids=range_.ids)
    agreed = Q(pk__in=consented.values("pk"))
    free = Q(pk__in=unsuppressed(everybody, range_.campaign).values("pk"))
    reasons = [
        (Q(erased_at__isnull=False), SkipReason.ERASED),
        (Q(phone__isnull=True), SkipReason.NO_PHONE),
        (Q(is_restricted=True), SkipReason.RESTRICTED),
        (~agreed, SkipReason.NO_CONSENT),
        (~free, SkipReason.SUPPRESSED),
        *range_.moments.conditions(),
        (held_out(range_.split, "new_bucket"), SkipReason.HOLDOUT),
    ]
    return Case(
        *(When(found, then=Value(reason.value)) for found, reason in reasons),
        # Agreed, or was set free, since the first statement asked: then they had not.
        default=Value(SkipReason.NO_CONSENT.value),
    )


def _insert(range_: _Range, contacts: QuerySet[Contact], **columns: Any) -> int:
    campaign = range_.campaign
    columns = {
        "brand": Value(campaign.brand_id),
        "category": Value(Category.MARKETING.value),
        "topic": Value(campaign.topic),
        "priority": Value(Priority.MARKETING.value),
        "campaign": Value(campaign.pk),
        "sender": Value(campaign.sender_id),
        "to_phone": Coalesce("phone", Value("")),
        "created_at": Value(range_.at, output_field=DateTimeField()),
        **columns,
    }
    selected = contacts.annotate(
        **{f"{PREFIX}{name}": expression for name, expression in columns.items()}
    )
    # In the order of ids: scattered inserts take up to twice as long.
    query = selected.order_by("pk").values_list(
        "pk", "language", f"{PREFIX}bucket", *(f"{PREFIX}{name}" for name in columns)
    )
    # The fence lets one launcher in, so no row can be there: a conflict is a fault and
    # must raise. Looking for conflicts would take 40 % more time.
    return insert_from_select(
        Message,
        ["contact", "language", "bucket", *columns],
        query,
        ignore_conflicts=False,
        using=contacts.db,
    )
