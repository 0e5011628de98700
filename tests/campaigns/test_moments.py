"""Each zone has its moment: DST nights, late ones, allowed hours, no zone at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.models import F

from sms_marketing import timing
from sms_marketing.campaigns import moments
from sms_marketing.models import Brand, Campaign, Contact, SkipReason

ALWAYS = timing.Hours.always().to_json()
DAYTIME = {key: ["09:00", "20:00"] for key in timing.DAYS}
NEVER = dict.fromkeys(timing.DAYS)


def campaign_of(hours=ALWAYS, **over) -> Campaign:
    return Campaign(brand=Brand(hours=hours, zone="Europe/Riga"), **over)


def local(day: date, at: str = "10:00", **over) -> Campaign:
    return campaign_of(
        schedule="local_time", send_on=day, send_time=time.fromisoformat(at), **over
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def moment_of(campaign: Campaign, zone: str, *, at: datetime) -> object:
    found = moments.moments_of(campaign, [zone], at=at)
    return next(iter([*found.due, *found.refused]))


def test_at_once_is_now_wherever_it_is_day() -> None:
    at = utc("2026-06-10 12:00")
    campaign = campaign_of(DAYTIME)

    assert moment_of(campaign, "Europe/Riga", at=at) == at
    # 05:00 in Los Angeles: at nine there
    expected = utc("2026-06-10 16:00")
    assert moment_of(campaign, "America/Los_Angeles", at=at) == expected


def test_a_contact_without_a_zone_lives_by_the_brands() -> None:
    at = utc("2026-06-10 03:00")

    assert moment_of(campaign_of(DAYTIME), "", at=at) == utc("2026-06-10 06:00")


def test_our_time_is_one_instant_for_everybody() -> None:
    campaign = campaign_of(
        schedule="brand_time", send_on=date(2026, 12, 1), send_time=time(10)
    )

    found = moments.moments_of(
        campaign, ["", "Asia/Tokyo", "America/Lima"], at=utc("2026-11-30 00:00")
    )

    assert list(found.due) == [utc("2026-12-01 08:00")]


def test_our_time_that_has_just_passed_is_now() -> None:
    campaign = campaign_of(
        schedule="brand_time", send_on=date(2026, 12, 1), send_time=time(10)
    )
    at = utc("2026-12-01 09:30")

    assert moment_of(campaign, "Asia/Tokyo", at=at) == at


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("next_day", utc("2026-12-02 08:00")), ("skip", SkipReason.TOO_LATE)],
)
def test_an_offer_that_a_day_of_outage_held_up_does_not_go_out_at_once(
    policy, expected
) -> None:
    campaign = campaign_of(
        schedule="brand_time",
        send_on=date(2026, 12, 1),
        send_time=time(10),
        late_policy=policy,
    )

    assert moment_of(campaign, "", at=utc("2026-12-01 14:00")) == expected


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected"),
    [
        # Rīga jumps from 03:00 to 04:00 on 29 March 2026: first minute after the gap
        ("Europe/Riga", date(2026, 3, 29), "03:30", "2026-03-29 01:00"),
        # and has 03:30 twice on 25 October: the first of the two
        ("Europe/Riga", date(2026, 10, 25), "03:30", "2026-10-25 00:30"),
        ("Europe/Riga", date(2026, 3, 28), "10:00", "2026-03-28 08:00"),
        ("Europe/Riga", date(2026, 3, 30), "10:00", "2026-03-30 07:00"),
        ("Asia/Tokyo", date(2026, 3, 29), "10:00", "2026-03-29 01:00"),
        ("America/New_York", date(2026, 3, 29), "10:00", "2026-03-29 14:00"),
    ],
)
def test_local_time_is_that_of_the_wall_clock_there(zone, day, at, expected) -> None:
    campaign = local(day, at)

    assert moment_of(campaign, zone, at=utc("2026-01-01 00:00")) == utc(expected)


def test_a_zone_that_is_two_hours_late_is_sent_to_at_once() -> None:
    campaign = local(date(2026, 6, 10))
    moment = utc("2026-06-10 01:00")  # ten in Tokyo

    for late in (timedelta(), timedelta(hours=2)):
        at = moment + late
        assert moment_of(campaign, "Asia/Tokyo", at=at) == at


def test_a_zone_that_is_later_waits_for_the_next_day() -> None:
    campaign = local(date(2026, 6, 10))
    at = utc("2026-06-10 03:00") + timedelta(seconds=1)

    assert moment_of(campaign, "Asia/Tokyo", at=at) == utc("2026-06-11 01:00")


def test_the_next_day_keeps_its_hour_over_a_dst_night() -> None:
    campaign = local(date(2026, 3, 28))  # ten in Rīga is 08:00 UTC

    found = moment_of(campaign, "Europe/Riga", at=utc("2026-03-28 12:00"))

    assert found == utc("2026-03-29 07:00")


def test_days_late_waits_for_the_next_ten_o_clock_only() -> None:
    campaign = local(date(2026, 6, 1))

    found = moment_of(campaign, "Europe/Riga", at=utc("2026-06-10 05:00"))

    assert found == utc("2026-06-10 07:00")


def test_a_late_zone_is_left_out_if_the_marketer_says_so() -> None:
    campaign = local(date(2026, 6, 10), late_policy="skip")

    found = moment_of(campaign, "Asia/Tokyo", at=utc("2026-06-10 04:00"))

    assert found == SkipReason.TOO_LATE


def test_an_hour_that_is_not_allowed_moves_to_the_next_one_that_is() -> None:
    campaign = local(date(2026, 6, 10), "21:30", hours=DAYTIME)

    found = moment_of(campaign, "Europe/Riga", at=utc("2026-06-01 00:00"))

    assert found == utc("2026-06-11 06:00")


def test_a_brand_without_hours_sends_to_nobody() -> None:
    found = moment_of(campaign_of(NEVER), "", at=utc("2026-06-10 04:00"))

    assert found == SkipReason.NO_HOURS


def test_r6_a_zone_that_is_none_concerns_only_those_who_carry_it() -> None:
    found = moments.moments_of(
        campaign_of(),
        ["", "Europe/Riga", "Mars", "../etc/passwd"],
        at=utc("2026-06-10"),
    )

    assert found.due == {utc("2026-06-10"): {"", "Europe/Riga"}}
    assert found.refused == {SkipReason.BAD_ZONE: {"Mars", "../etc/passwd"}}


@pytest.mark.django_db
def test_conditions_in_sql_say_what_python_says(brand) -> None:
    zones = ["", "Europe/Riga", "Asia/Tokyo", "America/New_York", "Mars", "Venus"]
    campaign = local(date(2026, 6, 10), late_policy="skip")
    people = Contact.objects.bulk_create(
        Contact(phone=f"+3712900000{n}", zone=zone) for n, zone in enumerate(zones)
    )

    found = moments.moments_of(campaign, zones, at=utc("2026-06-10 06:00"))

    placed = Contact.objects.annotate(place=F("zone"))
    refused = set(placed.filter(found.is_refused()).values_list("zone", flat=True))
    due = dict(placed.annotate(due=found.expression()).values_list("zone", "due"))
    assert len(due) == len(people)
    assert refused == {"Asia/Tokyo", "Mars", "Venus"}
    for condition, reason in found.conditions():
        matching = set(placed.filter(condition).values_list("zone", flat=True))
        assert matching == found.refused[reason]
    for moment, members in found.due.items():
        assert {due[zone] for zone in members} == {moment}


def test_start_is_now_or_that_of_the_earliest_zone() -> None:
    at = utc("2026-06-01 00:00")
    zones = ["", "America/New_York", "Asia/Tokyo", "Mars"]
    planned = {"send_on": date(2026, 6, 10), "send_time": time(10)}

    assert moments.starts_at(campaign_of(), zones, at=at) == at
    ours = campaign_of(schedule="brand_time", **planned)
    assert moments.starts_at(ours, zones, at=at) == utc("2026-06-10 07:00")
    theirs = campaign_of(schedule="local_time", **planned)
    assert moments.starts_at(theirs, zones, at=at) == utc("2026-06-10 01:00")
    assert moments.starts_at(theirs, [], at=at) == utc("2026-06-10 07:00")


def test_nobody_due_still_makes_a_query() -> None:
    found = moments.moments_of(campaign_of(), ["Mars"], at=utc("2026-06-10"))

    assert found.due == {}
    assert found.expression() is not None
