"""Whom a campaign is for: the segments it names, without those it excludes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_

from django.db import router
from django.db.models import Q, QuerySet
from django.db.models.functions import Length

from sms_marketing import contacts, segments
from sms_marketing.campaigns.splitting import (
    bucket_expression,
    bucket_of,
    held_out,
    split_of,
)
from sms_marketing.models import Campaign, Category, Contact, Message, Segment

#: Recipients looked through for each sample, to find different names among them.
CANDIDATES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceCounts:
    """How many are left after each question; each number is part of the one before."""

    in_segment: int
    with_consent: int
    not_suppressed: int
    will_receive: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRange:
    """Contacts after one id, up to and with another."""

    after: int
    upto: int

    def of(self, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        """Those of the queryset that lie in the range."""
        return queryset.filter(pk__gt=self.after, pk__lte=self.upto)


def audience(
    campaign: Campaign, *, now: datetime | None = None, ids: IdRange | None = None
) -> QuerySet[Contact]:
    """Everybody in any of its segments and in none of the excluded ones.

    Not yet asked for consent: a launch writes a row for each of them, and says why some
    get no message (R4). Rules on time are evaluated at ``now``.
    """

    def members(segment: Segment) -> QuerySet[Contact]:
        # Never from a replica, because consent is asked for in the same query.
        found = segments.audience(segment, brand=campaign.brand, now=now)
        found = found.using(router.db_for_write(Message))
        return ids.of(found) if ids else found

    included = [members(segment) for segment in campaign.segments.all()]
    excluded = [members(segment) for segment in campaign.excluded_segments.all()]
    if not included:
        return Contact.objects.none()
    found = included[0]
    if len(included) > 1:
        # The range stands inside each subquery too, so that a chunk of a launch never
        # evaluates a segment for the whole table.
        found = Contact.objects.using(found.db).filter(_any(included))
        found = ids.of(found) if ids else found
    return found.exclude(_any(excluded)) if excluded else found


def funnel_counts(campaign: Campaign) -> AudienceCounts:
    """Count the audience now, question by question; four queries.

    Recipients whose zone allows no hour are found by the launch only.
    """
    members = audience(campaign)
    agreed = consenting(members, campaign)
    free = unsuppressed(agreed, campaign)
    split = split_of(campaign, list(campaign.variants.all()))
    sent_to = free
    if campaign.holdout_percent:
        sent_to = free.annotate(bucket=bucket_expression(campaign.salt)).exclude(
            held_out(split, "bucket")
        )
    return AudienceCounts(
        in_segment=members.count(),
        with_consent=agreed.count(),
        not_suppressed=free.count(),
        will_receive=sent_to.count(),
    )


def consenting(
    queryset: QuerySet[Contact], campaign: Campaign, *, ids: IdRange | None = None
) -> QuerySet[Contact]:
    """Those who can be reached and agreed to this campaign's topic.

    ``ids`` tells that the queryset holds such a range only, which makes it cheap.
    """
    reachable = queryset.filter(
        phone__isnull=False, erased_at__isnull=True, is_restricted=False
    )
    return contacts.with_consent(
        reachable,
        brand=campaign.brand,
        topic=campaign.topic,
        ids=(ids.after, ids.upto) if ids else None,
    )


def unsuppressed(queryset: QuerySet[Contact], campaign: Campaign) -> QuerySet[Contact]:
    """Those whose number is not held back for marketing by this brand and sender."""
    return contacts.not_suppressed(
        queryset,
        brand=campaign.brand,
        category=Category.MARKETING,
        sender=campaign.sender,
    )


def longest_names(queryset: QuerySet[Contact], *, n: int) -> list[Contact]:
    """Those whose names take most room in a text, the longest first."""
    length = Length("first_name") + Length("last_name")
    return list(queryset.annotate(length=length).order_by("-length", "pk")[:n])


def sample_recipients(
    campaign: Campaign, *, n: int, among: QuerySet[Contact] | None = None
) -> list[Contact]:
    """Some who will receive it, of different names if there are, the longest first.

    Of the audience, or ``among`` others. Two queries: only the few that are taken are
    asked for suppression, not all who agreed.
    """
    members = audience(campaign) if among is None else among
    people = longest_names(consenting(members, campaign), n=n * CANDIDATES)
    refused = contacts.refusals(
        [contact.pk for contact in people],
        brand_id=campaign.brand_id,
        category=Category.MARKETING,
        topic=campaign.topic,
        sender_id=campaign.sender_id,
    )
    split = split_of(campaign, [])
    receivers = [
        contact
        for contact in people
        if contact.pk not in refused
        and not split.is_held_out(bucket_of(campaign.salt, contact.pk))
    ]
    first = {contact.full_name: contact for contact in reversed(receivers)}
    different = [c for c in receivers if first[c.full_name] is c]
    return (different + [c for c in receivers if first[c.full_name] is not c])[:n]


def _any(querysets: list[QuerySet[Contact]]) -> Q:
    return reduce(or_, (Q(pk__in=found.values("pk")) for found in querysets))
