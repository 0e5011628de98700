"""Steps that are due: sent once, in their order, by whoever comes first."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from sms_marketing import events, journeys, signals
from sms_marketing.core import clock
from sms_marketing.journeys import runner
from sms_marketing.models import (
    Enrollment,
    EnrollmentStatus,
    Journey,
    JourneyStatus,
    Message,
    Step,
    Variant,
)
from tests.journeys.paths import (
    ago,
    enrollments,
    make_cart_journey,
    make_due,
    make_journey,
    order,
    touch,
)

pytestmark = pytest.mark.django_db
ACTIVE, COMPLETED, EXITED = EnrollmentStatus.values


@pytest.fixture
def still_open() -> Iterator[set[str]]:
    """The carts that the guard "test.open" calls open; each question is remembered."""
    carts: set[str] = {"1"}
    events.register_guard("test.open", lambda ids: carts & set(ids))
    yield carts
    events.guards.remove("test.open")


def test_nothing_is_sent_before_its_time(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()

    assert journeys.run_due() == 0
    assert not Message.objects.exists()


def test_messages_and_waits_follow_one_another(contact) -> None:
    make_journey(["One", "Two", 600, "Three", 60])
    order(contact)
    journeys.process_events()
    assert Message.objects.count() == 2

    row = Enrollment.objects.get()
    assert (row.status, row.position) == (ACTIVE, 4)
    assert timedelta(seconds=590) < row.due_at - clock.now() < timedelta(seconds=610)

    make_due()
    assert journeys.run_due() == 1
    assert Message.objects.count() == 3
    assert enrollments() == {"shop.Order:1": COMPLETED}


def test_a_message_carries_all_that_its_gate_needs(contact, sender, still_open) -> None:
    journey = make_cart_journey(topic="carts", guard="test.open", sender=sender)
    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()

    message = Message.objects.get()
    assert (message.category, message.topic) == ("marketing", "carts")
    assert (message.guard, message.guard_object) == ("test.open", "1")
    assert (message.sender, message.contact) == (sender, contact)
    assert message.variant == Variant.objects.get(step__journey=journey)
    assert message.language == "lv"


def test_r2_a_step_is_sent_once_however_often_it_is_taken(contact) -> None:
    make_journey()
    order(contact)
    journeys.process_events()
    Enrollment.objects.update(
        status=ACTIVE, due_at=ago(seconds=1), position=1, ended_at=None
    )

    assert journeys.run_due() == 1

    assert Message.objects.count() == 1
    assert enrollments() == {"shop.Order:1": COMPLETED}


def test_who_comes_second_finds_the_enrollment_moved(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due()
    row = Enrollment.objects.select_related("journey__brand", "contact").get()
    journeys.run_due()

    moved = runner._advance(row, is_closed=False, now=clock.now(), using="default")

    assert moved is False
    assert runner.run([row.pk]) == 0
    assert Message.objects.count() == 1


@pytest.mark.parametrize("status", [JourneyStatus.PAUSED, JourneyStatus.DRAFT])
def test_only_a_live_journey_goes_on(contact, status) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due()
    Journey.objects.update(status=status)

    assert journeys.run_due() == 0
    assert enrollments() == {"shop.Cart:1": ACTIVE}


def test_a_cart_that_is_closed_by_then_gets_no_reminder(contact, still_open) -> None:
    make_cart_journey(guard="test.open")
    touch(contact)
    journeys.process_events()
    make_due()
    still_open.clear()

    assert journeys.run_due() == 1

    row = Enrollment.objects.get()
    assert (row.status, row.exit_reason) == (EXITED, "guard_closed")
    assert not Message.objects.exists()


def test_the_guard_is_asked_once_for_all(contact, other) -> None:
    questions: list[Sequence[str]] = []
    events.register_guard("test.all", lambda ids: questions.append(ids) or ids)
    try:
        make_cart_journey(guard="test.all")
        touch(contact, "1")
        touch(other, "2")
        journeys.process_events()
        make_due()
        journeys.run_due()
    finally:
        events.guards.remove("test.all")

    assert [sorted(ids) for ids in questions] == [["1", "2"]]
    assert Message.objects.count() == 2


def test_r6_a_guard_that_raises_leaves_the_word_to_the_sender(contact, caplog) -> None:
    make_cart_journey(guard="no.such")
    touch(contact)
    journeys.process_events()
    make_due()

    journeys.run_due()

    assert Message.objects.get().guard == "no.such"
    assert "guard no.such failed: ConfigurationError" in caplog.text


def test_an_abandoned_cart_is_told_to_the_host(contact, still_open) -> None:
    heard: list[tuple[object, object]] = []

    def listen(*, contact: object, enrollment: object, **kwargs: object) -> None:
        heard.append((contact, enrollment))

    make_cart_journey(guard="test.open")
    make_journey()
    touch(contact)
    order(contact, occurred_at=ago(hours=1))
    signals.cart_abandoned.connect(listen)
    try:
        journeys.process_events()
        assert heard == []
        make_due()
        journeys.run_due()
    finally:
        signals.cart_abandoned.disconnect(listen)

    assert heard == [(contact, Enrollment.objects.get(key="shop.Cart:1"))]


def test_after_an_outage_last_weeks_cart_is_let_be(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due(due_at=ago(days=3, minutes=1))

    journeys.run_due()

    assert Enrollment.objects.get().exit_reason == "too_late"
    assert not Message.objects.exists()


def test_an_edited_journey_goes_on_with_what_stands_there_now(contact) -> None:
    journey = make_journey([60, "One", 60, "Two"])
    order(contact)
    journeys.process_events()
    journey.steps.filter(position__in=[2, 3]).delete()
    make_due()

    journeys.run_due()

    assert Message.objects.get().step == journey.steps.get(position=4)


def test_r6_one_that_fails_is_tried_again_and_holds_up_nobody(
    contact, other, caplog
) -> None:
    broken = make_journey(code="broken")
    Variant.objects.filter(step__journey=broken).delete()
    make_journey(trigger_event="cart_updated", code="sound")
    order(contact)
    touch(other)

    with caplog.at_level(logging.ERROR):
        journeys.process_events()

    assert Message.objects.get().contact == other
    row = Enrollment.objects.get(journey=broken)
    assert row.status == ACTIVE
    assert timedelta(minutes=4) < row.due_at - clock.now() < timedelta(minutes=6)
    assert f"enrollment {row.pk} failed and is tried again: Step" in caplog.text

    Variant.objects.create(step=Step.objects.get(journey=broken))
    make_due()
    journeys.run_due()
    assert Message.objects.filter(enrollment=row).count() == 1


def test_one_that_fails_for_a_day_is_given_up(contact) -> None:
    journey = make_journey([60, "One"])
    Variant.objects.filter(step__journey=journey).delete()
    order(contact)
    journeys.process_events()
    make_due(entered_at=ago(hours=24, minutes=2))

    journeys.run_due()

    assert Enrollment.objects.get().exit_reason == "failed"


def test_no_more_than_the_limit_is_taken(contact) -> None:
    make_cart_journey()
    for number in range(5):
        touch(contact, str(number))
    journeys.process_events()
    make_due()

    assert journeys.run_due(limit=3) == 3
    assert Message.objects.count() == 3
    assert journeys.run_due() == 2
