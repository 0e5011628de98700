"""Who of a claimed batch may be sent to now; asked for the whole batch at once.

A constant number of queries, however many rows: consent and suppression (one for each
kind of message), and one for each guard.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import router

from sms_marketing import contacts, events, phones, timing
from sms_marketing.conf import settings
from sms_marketing.exceptions import cause_of
from sms_marketing.models import (
    Brand,
    Campaign,
    CampaignStatus,
    Category,
    EnrollmentStatus,
    JourneyStatus,
    MessageStatus,
    SkipReason,
)
from sms_marketing.sending.claim import Row
from sms_marketing.timing import Hours

logger = logging.getLogger(__name__)

#: A paused journey is looked at again so often.
PAUSED_FOR = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A row that does not leave now, and what becomes of it instead."""

    status: MessageStatus
    skip_reason: str = ""
    #: When to try again, if it is put back; None: as soon as it may.
    due_at: datetime | None = None

    @property
    def gives_back(self) -> bool:
        """True if it was never tried: the attempt does not count."""
        return self.status == MessageStatus.QUEUED


Verdicts = dict[int, Verdict]
BACK = Verdict(status=MessageStatus.QUEUED)


def skip(reason: SkipReason | str) -> Verdict:
    """Left out for good, for this reason."""
    return Verdict(status=MessageStatus.SKIPPED, skip_reason=str(reason))


def put_back(until: datetime) -> Verdict:
    """Not now: due again then."""
    return Verdict(status=MessageStatus.QUEUED, due_at=until)


@dataclass(slots=True, kw_only=True)
class Gate:
    """The questions to a batch at one instant of the database's clock."""

    brands: Mapping[int, Brand]
    sender_id: int
    now: datetime
    _places: dict[tuple[int, str], _Place] = field(default_factory=dict)

    def judge(self, rows: Sequence[Row]) -> Verdicts:
        """Return what becomes of those that must not leave now, by id."""
        verdicts: Verdicts = {}
        left = list(rows)
        for question in (
            self._moved,
            self._late,
            self._renumbered,
            self.refused,
            self._hours,
            self._guarded,
        ):
            verdicts |= question(left)
            left = [row for row in left if row.pk not in verdicts]
        return verdicts

    def refused(self, rows: Sequence[Row]) -> Verdicts:
        """Those without consent in force, suppressed, restricted or erased (R1)."""
        groups: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
        for row in rows:
            groups[row.brand, row.category, row.topic].append(row)
        found: Verdicts = {}
        for (brand_id, category, topic), members in groups.items():
            reasons = contacts.refusals(
                list({row.contact for row in members}),
                brand_id=brand_id,
                category=category,
                topic=topic,
                sender_id=self.sender_id,
            )
            found |= {
                row.pk: skip(reasons[row.contact])
                for row in members
                if row.contact in reasons
            }
        return found

    def judge_again(self, rows: Sequence[Row]) -> Verdicts:
        """What may have changed since: campaigns stopped, consents withdrawn."""
        campaigns = Campaign.objects.using(router.db_for_write(Campaign)).filter(
            pk__in={row.campaign for row in rows if row.campaign is not None}
        )
        statuses = dict(campaigns.values_list("pk", "status"))
        fresh = [
            row._replace(campaign__status=statuses.get(row.campaign))
            if row.campaign is not None
            else row
            for row in rows
        ]
        verdicts = self._moved(fresh)
        return verdicts | self.refused([r for r in rows if r.pk not in verdicts])

    def valid_until(self, row: Row) -> datetime | None:
        """When the carrier shall give up; for marketing at the end of the window."""
        ends = [row.expires_at]
        if row.category == Category.MARKETING:
            ends.append(self._place(row).closes_at)
        return min((end for end in ends if end), default=None)

    def _moved(self, rows: Iterable[Row]) -> Verdicts:
        found: Verdicts = {}
        for row in rows:
            if row.campaign is not None:
                if row.campaign__status == CampaignStatus.CANCELED:
                    found[row.pk] = Verdict(status=MessageStatus.CANCELED)
                elif row.campaign__status != CampaignStatus.SENDING:
                    found[row.pk] = BACK
            elif row.enrollment__status == EnrollmentStatus.EXITED:
                found[row.pk] = skip(SkipReason.JOURNEY_LEFT)
            elif row.enrollment__journey__status == JourneyStatus.PAUSED:
                found[row.pk] = put_back(self.now + PAUSED_FOR)
        return found

    def _late(self, rows: Iterable[Row]) -> Verdicts:
        longest = timedelta(hours=settings().EXPIRY_HOURS)
        expired = Verdict(status=MessageStatus.EXPIRED)
        return {
            row.pk: expired
            for row in rows
            if (row.expires_at or row.due_at + longest) <= self.now
        }

    def _renumbered(self, rows: Iterable[Row]) -> Verdicts:
        """Consent belongs to the number: nothing goes to one that changed hands."""
        return {
            row.pk: skip(
                SkipReason.NO_CONSENT
                if row.category == Category.MARKETING
                else SkipReason.NO_PHONE
            )
            for row in rows
            if row.contact__phone and row.to_phone != row.contact__phone
        }

    def _hours(self, rows: Iterable[Row]) -> Verdicts:
        found: Verdicts = {}
        for row in rows:
            if row.category == Category.MARKETING:
                verdict = self._place(row).verdict
                if verdict is not None:
                    found[row.pk] = verdict
        return found

    def _place(self, row: Row) -> _Place:
        key = (row.brand, row.contact__zone or _zone_of_number(row.to_phone))
        if key not in self._places:
            brand = self.brands[row.brand]
            self._places[key] = _look(brand, key[1] or brand.zone, self.now)
        return self._places[key]

    def _guarded(self, rows: Iterable[Row]) -> Verdicts:
        groups: dict[str, list[Row]] = defaultdict(list)
        for row in rows:
            if row.guard:
                groups[row.guard].append(row)
        found: Verdicts = {}
        for name, members in groups.items():
            found |= _ask_guard(name, members)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """What the clock on the wall of one zone says."""

    verdict: Verdict | None = None
    closes_at: datetime | None = None


def _look(brand: Brand, zone: str, now: datetime) -> _Place:
    try:
        hours = Hours.parse(brand.hours)
    except ValueError as error:
        logger.error("nothing leaves, brand %s has wrong hours: %s", brand.pk, error)
        return _Place(verdict=skip(SkipReason.NO_HOURS))
    try:
        opens = timing.next_allowed(now, zone=zone, hours=hours)
    except ValueError:
        return _Place(verdict=skip(SkipReason.BAD_ZONE))
    if opens is None:
        return _Place(verdict=skip(SkipReason.NO_HOURS))
    if opens > now:
        return _Place(verdict=put_back(opens))
    return _Place(closes_at=timing.window_end(now, zone=zone, hours=hours))


def _zone_of_number(phone: str) -> str:
    # Several: nobody knows which, so the brand's (R13).
    zones = phones.zones(phone)
    return zones[0] if len(zones) == 1 else ""


def _ask_guard(name: str, rows: Sequence[Row]) -> Verdicts:
    try:
        still_open = events.get_guard(name).open_ids(
            sorted({row.guard_object for row in rows})
        )
    except Exception as error:  # noqa: BLE001  (the host's own code, R6)
        logger.error(
            "guard %s failed, %d messages left out: %s",
            *(name, len(rows), cause_of(error)),
        )
        return {row.pk: skip(SkipReason.GUARD_FAILED) for row in rows}
    return {
        row.pk: skip(SkipReason.GUARD_CLOSED)
        for row in rows
        if row.guard_object not in still_open
    }
