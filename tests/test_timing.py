"""Hours are kept by the clock on the recipient's wall, both DST nights included.

The oracle looks at every minute of the coming weeks, one after the other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.timing import (
    DAYS,
    Hours,
    get_zone,
    is_allowed,
    next_allowed,
    to_utc,
    window_end,
)

RIGA = "Europe/Riga"
WORKDAYS = Hours.parse(
    {day: ["09:00", "20:00"] for day in DAYS[:5]}
    | {"sat": ["10:00", "18:00"], "sun": None}
)
# (zone, a day near a change of its clock): spring and autumn of Riga, both of a zone
# of the south, a change of half an hour, one at midnight, and a zone without any.
NIGHTS = [
    (RIGA, datetime(2027, 3, 26, tzinfo=UTC)),
    (RIGA, datetime(2026, 10, 23, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2026, 9, 25, tzinfo=UTC)),
    ("Pacific/Auckland", datetime(2027, 4, 2, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2027, 4, 2, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 4, tzinfo=UTC)),
    ("Asia/Kolkata", datetime(2026, 11, 1, tzinfo=UTC)),
]
MINUTE = timedelta(minutes=1)


@lru_cache
def walls(zone, start):
    """The (weekday, minute) on the wall for each minute of the coming 18 days."""
    place = ZoneInfo(zone)
    moments = (start + n * MINUTE for n in range(18 * 1440))
    locals_ = [moment.astimezone(place) for moment in moments]
    return [(local.weekday(), local.hour * 60 + local.minute) for local in locals_]


def open_minutes(data):
    """Every (weekday, minute) that the JSON allows, one by one."""
    opened = set()
    for index, day in enumerate(DAYS):
        if data[day] is None:
            continue
        start, end = (int(t[:2]) * 60 + int(t[3:]) for t in data[day])
        minute, at = start, index
        while True:
            opened.add((at, minute))
            minute += 1
            if minute == end:
                break
            if minute == 1440:
                minute, at = 0, (at + 1) % 7
                if end == 0:
                    break
    return opened


def first_minute(zone, start, offset, opened, wanted):
    for n, wall in enumerate(walls(zone, start)[offset:]):
        if (wall in opened) == wanted:
            return start + (offset + n) * MINUTE
    return None


def times(last=1439):
    return st.integers(0, last).map(lambda m: f"{m // 60:02}:{m % 60:02}")


WINDOWS = st.tuples(
    times(), st.one_of(times(), st.sampled_from(["24:00", "00:00", "03:30", "04:00"]))
).filter(lambda window: window[0] != window[1])
PLANS = st.fixed_dictionaries(
    {day: st.one_of(st.none(), WINDOWS.map(list)) for day in DAYS}
)


@given(PLANS, st.sampled_from(NIGHTS), st.integers(0, 3 * 1440), st.integers(0, 59))
def test_the_answers_are_those_of_a_look_at_every_minute(plan, night, offset, second):
    zone, start = night
    hours = Hours.parse(plan)
    opened = open_minutes(plan)
    moment = start + offset * MINUTE + timedelta(seconds=second)
    allowed = walls(zone, start)[offset] in opened
    expected_next = first_minute(zone, start, offset, opened, True)
    expected_end = first_minute(zone, start, offset, opened, False)

    assert is_allowed(moment, zone=zone, hours=hours) is allowed
    assert next_allowed(moment, zone=zone, hours=hours) == (
        moment if allowed else expected_next
    )
    assert window_end(moment, zone=zone, hours=hours) == (
        expected_end if allowed else moment
    )


@given(PLANS)
def test_hours_survive_the_way_to_json_and_back(plan):
    hours = Hours.parse(plan)

    assert Hours.parse(hours.to_json()) == hours


def wall(text):
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("zone", [RIGA, "America/New_York", "Pacific/Auckland"])
def test_a_wall_clock_time_becomes_its_instant(zone):
    place = ZoneInfo(zone)
    start = wall("2027-01-01T00:00")
    for hours in range(0, 24 * 365, 7):
        local = start + timedelta(hours=hours, minutes=30)
        instant = to_utc(local, zone=zone)
        shown = instant.astimezone(place)
        if shown.replace(tzinfo=None) != local:
            assert shown.replace(tzinfo=None) - local <= timedelta(hours=1)
            before = (instant - MINUTE).astimezone(place)
            assert before.replace(tzinfo=None) < local
        assert instant.tzinfo is UTC


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        (RIGA, wall("2026-07-01T12:00"), datetime(2026, 7, 1, 9, tzinfo=UTC)),
        # 03:00–03:59 does not exist: 04:00 it is
        (RIGA, wall("2027-03-28T03:00"), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (RIGA, wall("2027-03-28T03:30"), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (RIGA, wall("2027-03-28T04:00"), datetime(2027, 3, 28, 1, tzinfo=UTC)),
        (RIGA, wall("2027-03-28T02:59"), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        # 03:00–03:59 comes twice: the first it is, whatever the fold says
        (
            RIGA,
            wall("2026-10-25T03:30"),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
        (
            RIGA,
            wall("2026-10-25T03:30").replace(fold=1),
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        ),
        (
            "America/Santiago",
            wall("2026-09-06T00:15"),
            datetime(2026, 9, 6, 4, tzinfo=UTC),
        ),
        # a whole day was skipped
        (
            "Pacific/Apia",
            wall("2011-12-30T12:00"),
            datetime(2011, 12, 30, 10, tzinfo=UTC),
        ),
    ],
)
def test_r12_both_dst_nights_have_one_answer(zone, local, instant):
    assert to_utc(local, zone=zone) == instant


def at(text, zone=RIGA):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [
        ("2026-11-23T08:59:59", False),
        ("2026-11-23T09:00:00", True),
        ("2026-11-23T19:59:59.999999", True),
        ("2026-11-23T20:00:00", False),
        ("2026-11-28T09:30:00", False),
        ("2026-11-29T12:00:00", False),
    ],
)
def test_r13_a_window_opens_at_its_first_minute_and_shuts_at_its_last(moment, allowed):
    assert is_allowed(at(moment), zone=RIGA, hours=WORKDAYS) is allowed


def test_r13_the_hours_are_those_of_the_recipients_zone():
    moment = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)  # 20:30 in Riga, 13:30 there

    assert not is_allowed(moment, zone=RIGA, hours=WORKDAYS)
    assert is_allowed(moment, zone="America/New_York", hours=WORKDAYS)


def test_what_is_closed_on_saturday_evening_opens_on_monday():
    assert next_allowed(at("2026-11-28T18:00"), zone=RIGA, hours=WORKDAYS) == at(
        "2026-11-30T09:00"
    )


def test_a_window_may_cross_midnight_and_the_end_of_the_week():
    hours = Hours.parse(dict.fromkeys(DAYS) | {"sun": ["22:00", "02:00"]})

    assert is_allowed(at("2026-11-30T01:59"), zone=RIGA, hours=hours)
    assert not is_allowed(at("2026-11-30T02:00"), zone=RIGA, hours=hours)
    assert window_end(at("2026-11-29T23:00"), zone=RIGA, hours=hours) == at(
        "2026-11-30T02:00"
    )
    assert hours.to_json()["sun"] == ["22:00", "02:00"]


def test_a_window_to_midnight_may_be_written_both_ways():
    plan = dict.fromkeys(DAYS)

    assert Hours.parse(plan | {"mon": ["09:00", "24:00"]}) == Hours.parse(
        plan | {"mon": ["09:00", "00:00"]}
    )


def test_the_only_window_of_a_week_may_fall_into_the_gap():
    hours = Hours.parse(dict.fromkeys(DAYS) | {"sun": ["03:10", "03:50"]})

    assert next_allowed(at("2027-03-27T12:00"), zone=RIGA, hours=hours) == at(
        "2027-04-04T03:10"
    )


def test_hours_that_never_open_and_hours_that_never_close_have_no_instant():
    moment = at("2026-11-23T12:00")
    never = Hours.parse(dict.fromkeys(DAYS))

    assert next_allowed(moment, zone=RIGA, hours=never) is None
    assert window_end(moment, zone=RIGA, hours=never) is moment
    assert next_allowed(moment, zone=RIGA, hours=Hours.always()) is moment
    assert window_end(moment, zone=RIGA, hours=Hours.always()) is None


ALL = dict.fromkeys(DAYS)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "object with the days"),
        ([], "object with the days"),
        ({}, "missing for mon, tue"),
        (ALL | {"Monday": None}, "no day Monday. The days are mon"),
        ({d: None for d in DAYS if d != "sun"}, "missing for sun. Write null"),
        (ALL | {"mon": "09:00"}, "mon: write"),
        (ALL | {"mon": ["09:00"]}, "mon: write"),
        (ALL | {"mon": ["09:00", 20]}, "mon: 20 is no time"),
        (ALL | {"mon": ["9:00", "20:00"]}, "mon: '9:00' is no time. Write it as 09:00"),
        (ALL | {"mon": ["0900", "20:00"]}, "mon: '0900' is no time"),
        (ALL | {"mon": ["٠٩:00", "20:00"]}, "is no time"),
        (ALL | {"mon": ["09:60", "20:00"]}, "00:00 to 24:00"),
        (ALL | {"mon": ["09:00", "24:01"]}, "00:00 to 24:00"),
        (ALL | {"mon": ["24:00", "20:00"]}, "24:00 is an end"),
        (ALL | {"mon": ["09:00", "09:00"]}, "mon: opens and closes at once"),
    ],
)
def test_hours_that_mean_nothing_are_refused_with_the_day(data, reason):
    with pytest.raises(ValueError) as caught:
        Hours.parse(data)

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["", "Riga", "Europe", "Europe/Atlantis", "../etc/passwd", "/etc", "UTC\x00"],
)
def test_an_unknown_zone_is_refused(name):
    with pytest.raises(ValueError, match="unknown zone"):
        get_zone(name)


def test_an_instant_has_a_zone_and_a_wall_clock_time_has_none():
    with pytest.raises(ValueError, match="naive"):
        is_allowed(wall("2026-01-01T00:00"), zone=RIGA, hours=WORKDAYS)
    with pytest.raises(ValueError, match="no zone of its own"):
        to_utc(datetime(2026, 1, 1, tzinfo=UTC), zone=RIGA)
