"""An event is written once for each key, and told to those who listen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection
from django.test import TestCase

from sms_marketing import events, signals
from sms_marketing.core import clock
from sms_marketing.models import Event
from tests.events import hosts

pytestmark = pytest.mark.django_db


def test_the_same_key_is_the_same_event(contact) -> None:
    first = events.track(contact, "reviewed", {"stars": 5}, key="review:1")

    assert first is not None
    assert events.track(contact, "reviewed", {"stars": 1}, key="review:1") is None
    assert Event.objects.get().properties == {"stars": 5}


def test_without_a_key_every_call_counts(contact) -> None:
    events.track(contact, "visited")
    events.track(None, "visited")

    assert list(Event.objects.order_by("id").values_list("contact", flat=True)) == [
        contact.pk,
        None,
    ]


def test_moment_and_object_are_kept(contact) -> None:
    at = datetime(2026, 5, 1, tzinfo=UTC)
    event = events.track(
        contact, "booked", object_label="clinic.Visit", object_id="7", occurred_at=at
    )

    event.refresh_from_db()
    assert event.occurred_at == at
    assert (event.object_label, event.object_id) == ("clinic.Visit", "7")
    assert event.processed_at is None
    assert event.recorded_at > at


def test_a_lost_race_is_no_event(contact, monkeypatch) -> None:
    from_the_other = []

    def race(key: str | None, using: str) -> bool:
        if not from_the_other:
            from_the_other.append(
                Event.objects.create(
                    name="x", key=key, occurred_at=clock.now(), recorded_at=clock.now()
                )
            )
            return False
        return Event.objects.filter(key=key).exists()

    monkeypatch.setattr(events.tracking, "_is_known", race)

    assert events.track(contact, "x", key="k") is None
    assert Event.objects.count() == 1


def test_another_fault_of_the_database_is_the_callers(contact, monkeypatch) -> None:
    events.track(contact, "x", key="k")
    monkeypatch.setattr(events.tracking, "_is_known", lambda key, using: False)

    with pytest.raises(IntegrityError):
        events.track(contact, "x", key="k")


def test_a_listener_that_fails_stops_nothing(contact) -> None:
    heard: list[Event] = []

    def fail(**facts: object) -> None:
        raise RuntimeError

    def fail_in_sql(**facts: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column")

    def listen(*, event: Event, **facts: object) -> None:
        heard.append(event)

    for receiver in (fail, fail_in_sql, listen):
        signals.event_tracked.connect(receiver)
    try:
        event = events.track(contact, "x")
    finally:
        for receiver in (fail, fail_in_sql, listen):
            signals.event_tracked.disconnect(receiver)

    assert heard == [event]
    assert Event.objects.filter(pk=event.pk).exists()


def test_journeys_are_nudged_after_the_commit(contact, settings) -> None:
    hosts.nudged.clear()
    with TestCase.captureOnCommitCallbacks(execute=True):
        events.track(contact, "x")
        assert hosts.nudged == []

    assert hosts.nudged == ["process_events"]
