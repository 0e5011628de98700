"""Several workers at once: real connections, every message once."""

from __future__ import annotations

import pytest

from example_project.shop.sms_events import OrderEvents
from sms_marketing import events, journeys
from sms_marketing.models import (
    Enrollment,
    EnrollmentStatus,
    Event,
    Message,
    MessageStatus,
    Purchase,
)
from tests import factories
from tests.events.hosts import place_order
from tests.journeys.paths import make_cart_journey, make_due, make_journey, order, touch
from tests.races import at_once

pytestmark = [
    pytest.mark.real_database,
    pytest.mark.django_db(transaction=True),
]


def test_r2_four_workers_on_the_same_events_send_each_message_once(contact) -> None:
    make_journey()
    for number in range(60):
        order(contact, str(number))

    at_once(*[journeys.process_events] * 4)
    journeys.process_events()

    assert Enrollment.objects.count() == 60
    assert Message.objects.count() == 60
    assert not Event.objects.filter(processed_at=None).exists()


def test_r2_two_runners_on_the_same_enrollments_send_each_message_once(contact) -> None:
    make_cart_journey([60, "One", 0, "Two"])
    for number in range(40):
        touch(contact, str(number))
    journeys.process_events()
    make_due()

    at_once(journeys.run_due, journeys.run_due)
    journeys.run_due()

    assert Message.objects.count() == 80
    done = Enrollment.objects.filter(status=EnrollmentStatus.COMPLETED)
    assert done.count() == 40


def test_an_order_against_its_reminder_leaves_nothing_queued() -> None:
    people = [factories.make_contact() for _ in range(30)]
    make_cart_journey()
    for number, person in enumerate(people):
        touch(person, str(number))
    journeys.process_events()
    make_due()
    for number, person in enumerate(people):
        order(person, str(number))

    at_once(journeys.run_due, journeys.process_events)

    assert not Enrollment.objects.filter(status=EnrollmentStatus.ACTIVE).exists()
    assert not Message.objects.filter(status=MessageStatus.QUEUED).exists()


def test_an_order_saved_by_two_at_once_is_one_purchase_and_one_event(brand) -> None:
    assert OrderEvents.phone
    saved = place_order()
    Event.objects.all().delete()
    Purchase.objects.all().delete()

    at_once(*[lambda: events.record(saved)] * 4)

    purchase = Purchase.objects.get()
    assert purchase.lines.count() == 2
    assert Event.objects.get().name == "order_placed"
