"""When a message may leave: a recipient's hours, by the clock on their wall.

A plan is a local time and the *name* of a zone, never an offset: both DST nights, and
a government that gives DST up, move the instant and leave the wall clock (R12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_DAY = 24 * 60
_STEP = timedelta(hours=12)  # no zone changes its clock twice within
# Two weeks: the only window of a week may lie in the hour that spring skips.
_HORIZON_DAYS = 15


@dataclass(frozen=True, slots=True)
class Hours:
    """The allowed window of each weekday, in minutes after its midnight.

    A window that crosses midnight belongs to the day it opens, and ends beyond 1440.
    Ends are exclusive: 20:00 sharp is too late for a window to 20:00.
    """

    windows: tuple[tuple[int, int] | None, ...]

    @classmethod
    def parse(cls, data: object) -> Hours:
        """Read ``{"mon": ["09:00", "20:00"], …, "sun": null}``, all seven days.

        "24:00" is an end; ("22:00", "02:00") crosses midnight; null is a closed day.
        Raises ValueError with the day and the reason.
        """
        if not isinstance(data, Mapping):
            raise ValueError("Hours are an object with the days mon to sun.")
        if unknown := sorted(str(day) for day in data if day not in DAYS):
            raise ValueError(
                f"There is no day {', '.join(unknown)}. The days are {', '.join(DAYS)}."
            )
        if absent := [day for day in DAYS if day not in data]:
            raise ValueError(
                f"Hours are missing for {', '.join(absent)}. Write null for closed."
            )
        return cls(tuple(_parse_window(day, data[day]) for day in DAYS))

    @classmethod
    def always(cls) -> Hours:
        """Return hours that never close."""
        return cls(((0, _DAY),) * 7)

    def to_json(self) -> dict[str, list[str] | None]:
        """Return what ``parse`` reads."""
        return {
            day: window and [_clock(window[0]), _clock(_end_of_day(window))]
            for day, window in zip(DAYS, self.windows, strict=True)
        }

    def has(self, weekday: int, minute: int) -> bool:
        """Tell whether a wall-clock minute (Monday is 0) lies in a window."""
        today = self.windows[weekday]
        if today is not None and today[0] <= minute < today[1]:
            return True
        yesterday = self.windows[weekday - 1]
        return yesterday is not None and minute + _DAY < yesterday[1]


def is_allowed(moment: datetime, *, zone: str, hours: Hours) -> bool:
    """Tell whether this instant lies in the hours, by the clock of the zone."""
    local = _aware(moment).astimezone(get_zone(zone))
    return hours.has(local.weekday(), local.hour * 60 + local.minute)


def next_allowed(moment: datetime, *, zone: str, hours: Hours) -> datetime | None:
    """Return the first allowed instant from this one on; None when there never is.

    The moment itself when it is allowed, else an instant in UTC.
    """
    return _first(moment, zone=zone, hours=hours, allowed=True)


def window_end(moment: datetime, *, zone: str, hours: Hours) -> datetime | None:
    """Return the first forbidden instant from this one on; None when there never is.

    It is the moment itself when the window is closed. A message's validity ends here:
    a phone switched on at 03:00 must not ring with yesterday's offer.
    """
    return _first(moment, zone=zone, hours=hours, allowed=False)


def to_utc(local: datetime, *, zone: str) -> datetime:
    """Return the instant of a wall-clock time (naive) in a zone.

    A time that spring skips is the first minute after the gap; one that autumn has
    twice is the first of the two.
    """
    if local.tzinfo is not None:
        raise ValueError("A wall-clock time carries no zone of its own.")
    place = get_zone(zone)
    before = local.replace(tzinfo=place, fold=0).astimezone(UTC)
    if before.astimezone(place).replace(tzinfo=None) == local.replace(fold=0):
        return before
    after = local.replace(tzinfo=place, fold=1).astimezone(UTC)
    return _change(place, after, before)


@lru_cache(maxsize=1024)
def get_zone(name: str) -> ZoneInfo:
    """Return the zone of this IANA name; raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        # A folder's name ("Europe") and a path out of the database fail differently.
        raise ValueError(f"unknown zone: {name!r}") from None


def _first(
    moment: datetime, *, zone: str, hours: Hours, allowed: bool
) -> datetime | None:
    if is_allowed(moment, zone=zone, hours=hours) == allowed:
        return moment
    start = moment.astimezone(UTC)
    # What is allowed changes only where a window has an edge or the clock a jump.
    candidates = sorted(c for c in _edges(start, get_zone(zone), hours) if c > start)
    for candidate in candidates:
        if is_allowed(candidate, zone=zone, hours=hours) == allowed:
            return candidate
    return None


def _edges(start: datetime, place: ZoneInfo, hours: Hours) -> Iterator[datetime]:
    offsets = set()
    for step in range(-2, 2 * _HORIZON_DAYS):
        earlier = start + step * _STEP
        offset, later = _offset(place, earlier), _offset(place, earlier + _STEP)
        offsets |= {offset, later}
        if offset != later:
            yield _change(place, earlier, earlier + _STEP)
    midnight = start.astimezone(place).replace(
        hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC
    )
    for day in range(-1, _HORIZON_DAYS):
        today = midnight + timedelta(days=day)
        for minute in hours.windows[today.weekday()] or ():
            for offset in offsets:
                yield today + timedelta(minutes=minute) - offset


def _change(place: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Find the instant (UTC) of the one clock change between two instants."""
    old = _offset(place, before)
    low, high = 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(place, before + timedelta(seconds=middle)) == old:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _offset(place: ZoneInfo, moment: datetime) -> timedelta:
    offset = moment.astimezone(place).utcoffset()
    assert offset is not None
    return offset


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("An instant carries its zone; this one is naive.")
    return moment


def _parse_window(day: str, data: object) -> tuple[int, int] | None:
    if data is None:
        return None
    if not isinstance(data, list | tuple) or len(data) != 2:
        raise ValueError(f'{day}: write ["09:00", "20:00"], or null for closed.')
    start, end = (_minute(day, edge) for edge in data)
    if start == _DAY:
        raise ValueError(f"{day}: 24:00 is an end; write 00:00 of the next day.")
    if start == end:
        raise ValueError(
            f"{day}: opens and closes at once. Write null for closed, "
            '["00:00", "24:00"] for the whole day.'
        )
    return start, end if end > start else end + _DAY


def _minute(day: str, edge: object) -> int:
    hour, _colon, minute = (
        edge.partition(":") if isinstance(edge, str) else ("", "", "")
    )
    digits = hour + minute
    if (
        len(hour) != 2
        or len(minute) != 2
        or not (digits.isascii() and digits.isdigit())
    ):
        raise ValueError(f"{day}: {edge!r} is no time. Write it as 09:00.")
    total = int(hour) * 60 + int(minute)
    if int(minute) > 59 or total > _DAY:
        raise ValueError(f"{day}: {edge!r} is no time. They run from 00:00 to 24:00.")
    return total


def _end_of_day(window: tuple[int, int]) -> int:
    return window[1] if window[1] <= _DAY else window[1] - _DAY


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
