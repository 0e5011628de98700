"""When a campaign's messages are due: one instant for each zone of its recipients.

Computed in Python, by zone and not by contact; the database is never asked to convert
a zone (MariaDB answers NULL until its administrator has loaded the zone tables).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Case, Q, When

from sms_marketing import timing
from sms_marketing.core.db import Instant
from sms_marketing.models import Brand, Campaign, SkipReason

#: A zone whose moment passed within this time is still sent to, at once.
GRACE = timedelta(hours=2)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Zones by the instant at which they are due, or by the reason why they never are.

    The empty zone stands for contacts without one, who live by the brand's.
    """

    due: Mapping[datetime, frozenset[str]]
    refused: Mapping[SkipReason, frozenset[str]]

    def expression(self) -> Any:
        """The instant of each contact, for a query with the annotation ``place``."""
        # The commonest case is one instant, and then no zone is looked at.
        *others, last = self.due or {datetime.now(UTC): frozenset[str]()}
        cases = [
            When(place__in=sorted(self.due[moment]), then=Instant(moment))
            for moment in others
        ]
        return Case(*cases, default=Instant(last)) if cases else Instant(last)

    def is_refused(self) -> Q:
        """The condition of those who are never due."""
        condition = Q()
        for found, _reason in self.conditions():
            condition |= found
        return condition

    def conditions(self) -> Iterator[tuple[Q, SkipReason]]:
        """Conditions on the annotation ``place``, and the reason each of them gives."""
        for reason, zones in self.refused.items():
            if reason != SkipReason.BAD_ZONE:
                yield Q(place__in=sorted(zones)), reason
        if SkipReason.BAD_ZONE in self.refused:
            # Real zones are some hundreds; what people write instead has no bound, and
            # a statement holds 32 766 parameters on SQLite. So: none of the real ones.
            groups = [*self.due.values(), *self.refused.values()]
            real = frozenset().union(*groups) - self.refused[SkipReason.BAD_ZONE]
            yield ~Q(place__in=sorted(real)), SkipReason.BAD_ZONE


def moments_of(campaign: Campaign, zones: Iterable[str], *, at: datetime) -> Moments:
    """Work out when each of these zones is due, seen from the instant ``at``.

    A zone that does not exist concerns only those who carry it (R6).
    """
    hours = timing.Hours.parse(campaign.brand.hours)
    due: dict[datetime, set[str]] = {}
    refused: dict[SkipReason, set[str]] = {}
    for zone in zones:
        moment = _moment(campaign, zone or campaign.brand.zone, hours, at=at)
        if isinstance(moment, SkipReason):
            refused.setdefault(moment, set()).add(zone)
        else:
            due.setdefault(moment, set()).add(zone)
    return Moments(
        due={moment: frozenset(found) for moment, found in due.items()},
        refused={reason: frozenset(found) for reason, found in refused.items()},
    )


def starts_at(campaign: Campaign, zones: Iterable[str], *, at: datetime) -> datetime:
    """The instant at which a campaign's launch is due: that of its earliest zone."""
    if campaign.schedule == Campaign.Schedule.NOW or campaign.send_on is None:
        return at
    if campaign.schedule == Campaign.Schedule.BRAND_TIME:
        return planned(campaign, campaign.brand.zone)
    known = [zone for zone in zones if zone and is_zone(zone)]
    return min(planned(campaign, zone) for zone in (campaign.brand.zone, *known))


def planned(campaign: Campaign, zone: str) -> datetime:
    """The instant of the campaign's day and time by the clock of a zone."""
    assert campaign.send_on is not None
    return _on(campaign.send_on, campaign, zone)


def is_zone(name: str) -> bool:
    """True when this is the name of a zone."""
    try:
        timing.get_zone(name)
    except ValueError:
        return False
    return True


def has_hours(brand: Brand) -> bool:
    """True when marketing may arrive at any time of the week at all."""
    return any(timing.Hours.parse(brand.hours).windows)


def _moment(
    campaign: Campaign, zone: str, hours: timing.Hours, *, at: datetime
) -> datetime | SkipReason:
    if not is_zone(zone):
        return SkipReason.BAD_ZONE
    wanted = _wanted(campaign, zone, at=at)
    if wanted is None:
        return SkipReason.TOO_LATE
    return timing.next_allowed(wanted, zone=zone, hours=hours) or SkipReason.NO_HOURS


def _wanted(campaign: Campaign, zone: str, *, at: datetime) -> datetime | None:
    if campaign.schedule == Campaign.Schedule.NOW or campaign.send_on is None:
        return at
    if campaign.schedule == Campaign.Schedule.BRAND_TIME:
        zone = campaign.brand.zone
    moment = planned(campaign, zone)
    if moment >= at - GRACE:
        return max(at, moment)
    if campaign.late_policy == Campaign.LatePolicy.SKIP:
        return None
    return _next_day(campaign, zone, at=at)


def _next_day(campaign: Campaign, zone: str, *, at: datetime) -> datetime:
    # The wall clock decides, so that the day after a DST night keeps its hour.
    today = at.astimezone(timing.get_zone(zone)).date()
    moment = _on(today, campaign, zone)
    return moment if moment >= at else _on(today + ONE_DAY, campaign, zone)


def _on(day: date, campaign: Campaign, zone: str) -> datetime:
    local = datetime.combine(day, campaign.send_time or time())
    return timing.to_utc(local, zone=zone)
