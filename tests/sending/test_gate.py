"""Who may be sent to now: consent, number, hours, guards, expiry; and who waits."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sms_marketing import contacts, events, sending, timing
from sms_marketing.core import clock
from sms_marketing.models import (
    Category,
    Contact,
    Enrollment,
    EnrollmentStatus,
    Journey,
    JourneyStatus,
    Message,
    MessageStatus,
    Priority,
    SkipReason,
)
from tests import factories
from tests.sending.conftest import add_message, dispatch, sending_campaign, status_of

pytestmark = pytest.mark.django_db
MARKETING = {"category": Category.MARKETING, "priority": Priority.MARKETING}


def verdict(message):
    dispatch()
    status = status_of(message)
    return message.skip_reason or status


@pytest.mark.parametrize(
    ("category", "becomes"),
    [
        (Category.MARKETING, SkipReason.NO_CONSENT),
        (Category.TRANSACTIONAL, MessageStatus.SENT),
        (Category.OTP, MessageStatus.SENT),
        (Category.COMPLIANCE, MessageStatus.SENT),
    ],
    ids=str,
)
def test_r1_only_marketing_needs_consent(provider, sender, category, becomes):
    stranger = factories.make_contact(consent=False)

    assert (
        verdict(
            factories.make_message(sender=sender, contact=stranger, category=category)
        )
        == becomes
    )


def test_r1_consent_for_one_topic_is_none_for_another(provider, sender):
    contact = factories.make_contact(consent=False)
    contacts.opt_in(contact.phone, method="web_form", wording="Jaunumi", topic="news")

    def ask(topic):
        return verdict(
            factories.make_message(
                sender=sender, contact=contact, topic=topic, **MARKETING
            )
        )

    assert ask("news") == MessageStatus.SENT
    assert ask("sale") == SkipReason.NO_CONSENT


def test_a_restricted_contact_gets_nothing(provider, sender):
    contact = factories.make_contact()
    Contact.objects.update(is_restricted=True)

    assert verdict(factories.make_message(sender=sender, contact=contact)) == (
        SkipReason.RESTRICTED
    )


@pytest.mark.parametrize(
    ("over", "reason"),
    [(MARKETING, SkipReason.NO_CONSENT), ({}, SkipReason.NO_PHONE)],
    ids=["marketing", "service"],
)
def test_r1_a_number_that_changed_hands_gets_nothing(provider, sender, over, reason):
    message = factories.make_message(sender=sender, **over)
    Contact.objects.filter(pk=message.contact_id).update(phone=factories.next_phone())

    assert verdict(message) == reason
    assert provider.outbox == []


# Hours


def closed_now(brand, **over):
    """Hours of the brand that exclude this moment, for an hour and more."""
    local = clock.now().astimezone(timing.get_zone(brand.zone))
    opens = (local + timedelta(hours=2)).time()
    closes = (local + timedelta(hours=3)).time()
    window = [f"{opens:%H:%M}", f"{closes:%H:%M}"]
    brand.hours = dict.fromkeys(timing.DAYS, window)
    brand.save()


def test_r13_marketing_outside_the_hours_waits_for_them(provider, brand, sender):
    closed_now(brand)
    advert = factories.make_message(sender=sender, **MARKETING)
    service = factories.make_message(sender=sender)

    report = dispatch()

    assert (report.deferred, report.sent) == (1, 1)
    assert status_of(service) == MessageStatus.SENT
    assert status_of(advert) == MessageStatus.QUEUED
    assert advert.attempt == 0
    assert timedelta(0) < advert.due_at - clock.now() < timedelta(hours=3)


def test_r13_the_hours_are_those_of_the_recipients_zone(provider, brand, sender):
    """Open only from noon to one, in Rīga; somewhere it is that hour now."""
    brand.hours = {day: ["12:00", "13:00"] for day in timing.DAYS}
    brand.save()
    now_utc = clock.now().astimezone(UTC)
    offset = 12 - now_utc.hour
    offset -= 24 * (offset > 14)
    here = f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
    there = f"Etc/GMT{-offset + 3 if offset > 0 else -offset - 3:+d}"
    lunching = factories.make_message(
        sender=sender, contact=factories.make_contact(zone=here), **MARKETING
    )
    others = factories.make_message(
        sender=sender, contact=factories.make_contact(zone=there), **MARKETING
    )

    dispatch()

    assert status_of(lunching) == MessageStatus.SENT
    assert status_of(others) == MessageStatus.QUEUED


def test_r13_a_number_of_one_zone_needs_no_other_hint(provider, brand, sender):
    contact = factories.make_contact()
    Contact.objects.update(zone="")
    brand.zone = "America/New_York"
    closed_now(brand)
    local = clock.now().astimezone(timing.get_zone("Europe/Riga"))
    window = [f"{time(local.hour):%H:%M}", "24:00"]
    brand.hours = dict.fromkeys(timing.DAYS, window)
    brand.save()

    message = factories.make_message(sender=sender, contact=contact, **MARKETING)

    assert verdict(message) == MessageStatus.SENT


def test_r13_a_number_of_many_zones_keeps_the_brands_hours(provider, brand, sender):
    contact = factories.make_contact(phone="+79161234567")
    Contact.objects.update(zone="")
    closed_now(brand)
    message = factories.make_message(sender=sender, contact=contact, **MARKETING)

    assert verdict(message) == MessageStatus.QUEUED


def test_r6_an_unknown_zone_concerns_its_contact_only(provider, sender):
    lost = factories.make_contact()
    Contact.objects.filter(pk=lost.pk).update(zone="Mars/Olympus")
    message = factories.make_message(sender=sender, contact=lost, **MARKETING)
    other = factories.make_message(sender=sender, **MARKETING)

    assert verdict(message) == SkipReason.BAD_ZONE
    assert status_of(other) == MessageStatus.SENT


@pytest.mark.parametrize(
    "hours", [dict.fromkeys(timing.DAYS), {"mon": "nonsense"}], ids=["never", "wrong"]
)
def test_hours_that_never_come_or_cannot_be_read_let_nothing_out(
    provider, brand, sender, hours
):
    brand.hours = hours
    brand.save()

    message = factories.make_message(sender=sender, **MARKETING)

    assert verdict(message) == SkipReason.NO_HOURS


def test_r13_a_carrier_may_not_deliver_after_the_window(provider, brand, sender):
    local = clock.now().astimezone(timing.get_zone(brand.zone))
    brand.hours = {day: ["00:00", "24:00"] for day in timing.DAYS}
    closes = local + timedelta(hours=1)
    if closes.day == local.day:
        brand.hours[timing.DAYS[local.weekday()]] = ["00:00", f"{closes:%H:%M}"]
    brand.save()
    factories.make_message(sender=sender, **MARKETING)
    factories.make_message(sender=sender)
    factories.make_message(
        sender=sender, expires_at=clock.now() + timedelta(seconds=10)
    )

    dispatch()

    service, soon, advert = sorted(
        provider.outbox, key=lambda item: item.validity_seconds or 0
    )
    assert service.validity_seconds is None
    assert soon.validity_seconds == 60
    if closes.day == local.day:
        assert 3000 < advert.validity_seconds <= 3660


# Expiry


@pytest.mark.parametrize(
    "over",
    [
        {"expires_at": clock.now() - timedelta(seconds=1)},
        {"due_at": clock.now() - timedelta(hours=73)},
    ],
    ids=["its own", "the site's"],
)
def test_a_message_that_is_too_old_expires(provider, sender, over):
    message = factories.make_message(sender=sender, **over)

    report = dispatch()

    assert status_of(message) == MessageStatus.EXPIRED
    assert report.skipped == 1
    assert provider.outbox == []


# Journeys and guards


def enrolled(brand, contact, **over):
    journey = Journey.objects.create(
        brand=brand,
        code="j",
        name="J",
        category=Category.TRANSACTIONAL,
        trigger_event="e",
        status=over.pop("journey_status", JourneyStatus.LIVE),
    )
    values = {"status": EnrollmentStatus.ACTIVE, "due_at": clock.now(), **over}
    return Enrollment.objects.create(
        journey=journey, contact=contact, key="1", entered_at=clock.now(), **values
    )


@pytest.mark.parametrize(
    ("over", "becomes"),
    [
        ({"status": EnrollmentStatus.EXITED, "due_at": None}, SkipReason.JOURNEY_LEFT),
        ({"status": EnrollmentStatus.COMPLETED, "due_at": None}, MessageStatus.SENT),
        ({}, MessageStatus.SENT),
        ({"journey_status": JourneyStatus.PAUSED}, MessageStatus.QUEUED),
    ],
    ids=["left", "completed", "on the way", "paused"],
)
def test_a_journey_that_was_left_sends_nothing_more(
    provider, sender, contact, over, becomes
):
    enrollment = enrolled(sender.brand, contact, **over)
    message = factories.make_message(
        sender=sender, contact=contact, enrollment=enrollment
    )

    assert verdict(message) == becomes


@pytest.fixture
def guard():
    """Open carts by id; None: the host's check raises."""
    asked = []
    state = {"open": {"1", "2"}}

    def open_ids(ids):
        asked.append(list(ids))
        if state["open"] is None:
            raise RuntimeError("+37120000000 is not in the shop")
        return state["open"]

    events.register_guard("test.Cart.open", open_ids)
    state["asked"] = asked
    yield state
    events.guards.remove("test.Cart.open")


def guarded(sender, pk):
    return factories.make_message(
        sender=sender, guard="test.Cart.open", guard_object=pk
    )


def test_a_guard_is_asked_once_for_the_whole_batch(provider, sender, guard):
    first, second, closed = (guarded(sender, pk) for pk in ("1", "2", "3"))
    free = factories.make_message(sender=sender)

    dispatch()

    assert guard["asked"] == [["1", "2", "3"]]
    assert {status_of(m) for m in (first, second, free)} == {MessageStatus.SENT}
    assert verdict(closed) == SkipReason.GUARD_CLOSED


def test_r6_a_guard_that_raises_stops_only_its_own(provider, sender, guard, caplog):
    guard["open"] = None
    message, free = guarded(sender, "1"), factories.make_message(sender=sender)

    assert verdict(message) == SkipReason.GUARD_FAILED
    assert status_of(free) == MessageStatus.SENT
    assert "test.Cart.open failed, 1 messages" in caplog.text
    assert "+371" not in caplog.text  # R10


def test_a_guard_that_nobody_registered_fails_closed(provider, sender):
    message = factories.make_message(sender=sender, guard="gone", guard_object="1")

    assert verdict(message) == SkipReason.GUARD_FAILED


def test_who_may_not_be_sent_to_is_not_asked_about(provider, sender, guard):
    stranger = factories.make_contact(consent=False)
    factories.make_message(
        sender=sender,
        contact=stranger,
        guard="test.Cart.open",
        guard_object="1",
        **MARKETING,
    )

    dispatch()

    assert guard["asked"] == []


def test_the_gate_asks_no_more_for_more_rows(provider, sender):
    def queries(count):
        campaign = sending_campaign(sender, 0)
        for _ in range(count):
            add_message(campaign, contact=factories.make_contact(consent=False))
        with CaptureQueriesContext(connection) as captured:
            assert dispatch().skipped == count
        return len(captured)

    assert queries(25) == queries(2)


def test_datetimes_of_the_gate_are_the_databases(provider, sender, monkeypatch):
    """A worker's clock that is an hour off changes nothing (R12)."""
    wrong = datetime.now(UTC) + timedelta(hours=80)
    message = factories.make_message(sender=sender)
    later = factories.make_message(
        sender=sender, due_at=clock.now() + timedelta(hours=1)
    )
    monkeypatch.setattr(clock, "now", lambda: wrong)

    sending.dispatch(seconds=5)

    assert status_of(message) == MessageStatus.SENT
    assert message.sent_at < wrong - timedelta(hours=79)
    assert Message.objects.get(pk=later.pk).status == MessageStatus.QUEUED
