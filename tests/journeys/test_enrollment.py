"""What starts, restarts and ends an enrollment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError

from sms_marketing import contacts, journeys
from sms_marketing.core import clock
from sms_marketing.journeys import enrollment as room
from sms_marketing.models import (
    Enrollment,
    EnrollmentStatus,
    Event,
    JourneyStatus,
    Message,
    MessageStatus,
    SkipReason,
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


def test_an_order_is_answered_in_the_same_look(contact) -> None:
    journey = make_journey()
    order(contact, "7", p={"first_name": "Anna"})

    assert journeys.process_events() == 1

    message = Message.objects.get()
    row = Enrollment.objects.get()
    assert (row.journey, row.status, row.key) == (journey, COMPLETED, "shop.Order:7")
    assert row.due_at is None
    assert row.ended_at is not None
    assert message.status == MessageStatus.QUEUED
    assert message.category == "transactional"
    assert message.enrollment == row
    assert message.step == journey.steps.get()
    assert message.context["order"]["number"] == "7"
    assert message.once_key == f"enrollment:{row.pk}:step:{message.step_id}:round:1"
    assert Event.objects.get().processed_at is not None
    assert journeys.process_events() == 0


def test_a_clock_of_the_host_that_is_ahead_delays_nothing(contact) -> None:
    make_journey()
    order(contact, occurred_at=clock.now() + timedelta(hours=2))

    journeys.process_events()

    assert Message.objects.count() == 1


def test_two_orders_are_two_and_one_order_is_one(contact) -> None:
    make_journey()
    for number in ("1", "2", "1"):
        order(contact, number)

    journeys.process_events()

    assert set(enrollments()) == {"shop.Order:1", "shop.Order:2"}
    assert Message.objects.count() == 2


def test_an_event_of_no_object_is_its_own(contact) -> None:
    make_journey(trigger_event="signed_up")
    event = order(contact, object_label="", object_id="")
    Event.objects.update(name="signed_up")

    journeys.process_events()

    assert enrollments() == {f"event:{event.pk}": COMPLETED}


@pytest.mark.parametrize(
    ("conditions", "enters"),
    [
        ({}, True),
        ({"status": "paid"}, True),
        ({"status": "paid", "total": "5.00"}, True),
        ({"status": "placed"}, False),
        ({"no_such": "x"}, False),
        ({"count": 1}, True),
        ({"count": "1"}, False),
    ],
)
def test_conditions_are_equal_properties(contact, conditions, enters) -> None:
    make_journey(conditions=conditions)
    order(contact, p={"status": "paid", "total": "5.00", "count": 1})

    journeys.process_events()

    assert bool(enrollments()) == enters


@pytest.mark.parametrize("status", [JourneyStatus.DRAFT, JourneyStatus.PAUSED])
def test_only_a_live_journey_takes_contacts_in(contact, status) -> None:
    make_journey(status=status)
    order(contact)

    journeys.process_events()

    assert enrollments() == {}


def test_nobody_and_the_erased_enter_nothing(contact, other) -> None:
    make_journey()
    order(None, "1")
    order(other, "2")
    contacts.erase(other)

    assert journeys.process_events() == 2
    assert enrollments() == {}


def test_old_news_starts_nothing_but_still_ends(contact) -> None:
    make_journey()
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    # Placed after the cart was touched, and told four days later.
    Event.objects.update(occurred_at=ago(days=5))
    order(contact, occurred_at=ago(days=4))

    journeys.process_events()

    assert enrollments() == {"shop.Cart:1": EXITED}


def test_a_cart_waits_and_each_touch_starts_the_wait_again(contact) -> None:
    make_cart_journey()
    touch(contact, occurred_at=ago(minutes=50))
    journeys.process_events()
    first = Enrollment.objects.get()
    assert first.due_at < clock.now() + timedelta(minutes=11)

    later = touch(contact, occurred_at=ago(minutes=1), p={"total": "9.00"})
    journeys.process_events()

    row = Enrollment.objects.get()
    assert row.pk == first.pk
    assert row.due_at == later.occurred_at + timedelta(hours=1)
    assert row.round == 1
    assert row.context["cart"]["total"] == "9.00"
    assert not Message.objects.exists()


def test_a_journey_that_does_not_restart_keeps_its_wait(contact) -> None:
    make_cart_journey(restarts=False)
    touch(contact, occurred_at=ago(minutes=50))
    journeys.process_events()
    due_at = Enrollment.objects.get().due_at

    touch(contact)
    journeys.process_events()

    assert Enrollment.objects.get().due_at == due_at


def test_touches_in_one_batch_are_one_enrollment(contact) -> None:
    make_cart_journey()
    for minutes in (30, 20, 10):
        touch(contact, occurred_at=ago(minutes=minutes))

    journeys.process_events()

    due_at = Enrollment.objects.get().due_at
    assert due_at > clock.now() + timedelta(minutes=49)


def test_a_cart_is_reminded_of_once(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()
    assert Message.objects.count() == 1

    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()

    assert Message.objects.count() == 1
    assert enrollments() == {"shop.Cart:1": COMPLETED}


def test_a_new_cart_is_a_new_reminder(contact) -> None:
    make_cart_journey()
    touch(contact, "1")
    touch(contact, "2")

    journeys.process_events()

    assert enrollments() == {"shop.Cart:1": ACTIVE, "shop.Cart:2": ACTIVE}


def test_an_order_ends_every_cart_of_the_contact_and_of_nobody_else(
    contact, other
) -> None:
    make_cart_journey()
    for person, cart in ((contact, "1"), (contact, "2"), (other, "3")):
        touch(person, cart)
    journeys.process_events()

    order(contact)
    journeys.process_events()

    assert enrollments() == {
        "shop.Cart:1": EXITED,
        "shop.Cart:2": EXITED,
        "shop.Cart:3": ACTIVE,
    }
    row = Enrollment.objects.get(key="shop.Cart:1")
    assert row.exit_reason == "order_placed"
    assert row.due_at is None


def test_an_event_of_the_same_kind_of_object_ends_its_own_only(contact) -> None:
    make_journey([3600, "Review?"], exit_events=["order_canceled"])
    order(contact, "1")
    order(contact, "2")
    journeys.process_events()

    event = order(contact, "2")
    Event.objects.filter(pk=event.pk).update(name="order_canceled")
    journeys.process_events()

    assert enrollments() == {"shop.Order:1": ACTIVE, "shop.Order:2": EXITED}


def test_an_order_in_the_same_batch_as_its_cart_leaves_no_reminder(contact) -> None:
    make_cart_journey()
    order(contact, occurred_at=ago(minutes=1))
    touch(contact, occurred_at=ago(minutes=2))

    journeys.process_events()

    assert enrollments() == {}


def test_an_order_seen_before_its_cart_leaves_no_reminder(contact) -> None:
    make_cart_journey()
    order(contact, occurred_at=ago(minutes=1))
    journeys.process_events()
    touch(contact, occurred_at=ago(minutes=2))

    journeys.process_events()

    assert enrollments() == {}


def test_a_cart_after_the_order_is_reminded_of(contact) -> None:
    make_cart_journey()
    touch(contact, occurred_at=ago(minutes=1))
    order(contact, occurred_at=ago(minutes=2))

    journeys.process_events()

    assert enrollments() == {"shop.Cart:1": ACTIVE}


def test_a_cart_left_by_an_order_and_touched_again_waits_again(contact) -> None:
    make_cart_journey()
    touch(contact, occurred_at=ago(minutes=30))
    journeys.process_events()
    order(contact, occurred_at=ago(minutes=20))
    journeys.process_events()
    assert enrollments() == {"shop.Cart:1": EXITED}

    touch(contact, occurred_at=ago(minutes=10))
    journeys.process_events()

    row = Enrollment.objects.get()
    assert (row.status, row.ended_at, row.exit_reason) == (ACTIVE, None, "")


def test_leaving_and_returning_in_one_batch_goes_on(contact) -> None:
    make_cart_journey()
    touch(contact, occurred_at=ago(minutes=30))
    journeys.process_events()

    order(contact, occurred_at=ago(minutes=20))
    touch(contact, occurred_at=ago(minutes=10))
    journeys.process_events()

    assert enrollments() == {"shop.Cart:1": ACTIVE}


def test_an_order_withdraws_a_reminder_that_waits_for_the_morning(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()
    assert Message.objects.get().status == MessageStatus.QUEUED
    assert enrollments() == {"shop.Cart:1": COMPLETED}

    order(contact)
    journeys.process_events()

    message = Message.objects.get()
    assert message.status == MessageStatus.SKIPPED
    assert message.skip_reason == SkipReason.JOURNEY_LEFT
    assert enrollments() == {"shop.Cart:1": COMPLETED}


def test_what_a_worker_has_in_its_hands_goes_on(contact) -> None:
    make_cart_journey()
    touch(contact)
    journeys.process_events()
    make_due()
    journeys.run_due()
    Message.objects.update(status=MessageStatus.UNCONFIRMED)

    order(contact)
    journeys.process_events()

    assert Message.objects.get().status == MessageStatus.UNCONFIRMED


def test_a_paused_journey_can_still_be_left(contact) -> None:
    journey = make_cart_journey()
    touch(contact)
    journeys.process_events()
    journeys.pause(journey)

    order(contact)
    journeys.process_events()

    assert enrollments() == {"shop.Cart:1": EXITED}


def test_a_journey_without_a_message_is_over_at_once(contact) -> None:
    make_journey([60])
    order(contact)

    journeys.process_events()

    assert enrollments() == {"shop.Order:1": COMPLETED}


def test_the_number_of_statements_does_not_grow_with_the_events(
    contact, django_assert_max_num_queries
) -> None:
    make_cart_journey()
    for number in range(100):
        touch(contact, str(number))

    with django_assert_max_num_queries(20):
        assert journeys.process_events() == 100
    assert Enrollment.objects.count() == 100


def test_no_more_than_the_limit_is_looked_at(contact) -> None:
    for number in range(5):
        order(contact, str(number))

    assert journeys.process_events(limit=3) == 3
    assert Event.objects.filter(processed_at=None).count() == 2


def test_r6_an_event_that_fails_stops_no_other(contact, caplog, monkeypatch) -> None:
    make_journey()
    bad, good = order(contact, "1"), order(contact, "2")
    real = room.merge_context

    def fail(event: Event) -> dict:
        if event.pk == bad.pk:
            raise ValueError("secret")
        return real(event)

    monkeypatch.setattr(room, "merge_context", fail)
    journeys.process_events()

    assert set(enrollments()) == {"shop.Order:2"}
    assert not Event.objects.filter(processed_at=None).exists()
    assert f"event {bad.pk} reached no journey: ValueError" in caplog.text
    assert "secret" not in caplog.text
    assert good.pk


def test_trouble_of_the_database_leaves_the_events_for_the_next_look(
    contact, monkeypatch
) -> None:
    make_journey()
    order(contact)

    def down(event: Event) -> dict:
        raise OperationalError

    monkeypatch.setattr(room, "merge_context", down)
    with pytest.raises(OperationalError):
        journeys.process_events()

    assert Event.objects.get().processed_at is None


def test_trouble_after_a_failure_leaves_the_rest_too(contact, monkeypatch) -> None:
    make_journey()
    first, second = order(contact, "1"), order(contact, "2")
    calls: list[int] = []

    def fail(event: Event) -> dict:
        calls.append(event.pk)
        raise ValueError if len(calls) < 3 else OperationalError

    monkeypatch.setattr(room, "merge_context", fail)
    with pytest.raises(OperationalError):
        journeys.process_events()

    assert set(calls) == {first.pk, second.pk}
    assert list(Event.objects.filter(processed_at=None)) == [second]


def test_a_batch_that_another_worker_took_is_left_to_it(contact, monkeypatch) -> None:
    make_journey()
    event = order(contact)
    monkeypatch.setattr(room, "_unprocessed", lambda limit, using: [event.pk])
    Event.objects.update(processed_at=clock.now())

    assert journeys.process_events() == 0
    assert room._process_alone(event.pk, "default") == []
    assert enrollments() == {}
