"""A cart: left with a number, reminded of once if it is still open, else never."""

from __future__ import annotations

from datetime import timedelta

import pytest

from example_project.shop.models import Cart, CartStatus
from sms_marketing import journeys
from sms_marketing.core import clock
from sms_marketing.models import (
    Category,
    ConsentRecord,
    Enrollment,
    Message,
    MessageStatus,
    SkipReason,
)
from tests.stories.people import (
    is_open_all_day,
    nobody_works,
    opens_tomorrow_only,
    time_passes,
    workers_look,
)

pytestmark = pytest.mark.django_db


def test_a_left_cart_is_reminded_of_exactly_once(anna, soap):
    cart = anna.puts_in_basket(soap)
    anna.leaves_number()
    assert anna.reads() == []

    time_passes(minutes=59)
    assert anna.reads() == []

    time_passes(minutes=1)
    (reminder,) = anna.reads()
    assert cart.public_url in reminder
    assert anna.messages[0].category == Category.MARKETING
    assert anna.messages[0].guard_object == str(cart.pk)

    time_passes(hours=5)
    assert anna.reads() == []


def test_the_link_of_the_reminder_brings_the_basket_back_and_is_bought(anna, soap):
    cart = anna.puts_in_basket(soap)
    anna.leaves_number()
    time_passes(hours=1)
    (reminder,) = anna.reads()
    assert cart.public_url in reminder

    page = anna.browser.get(cart.public_url)
    assert "Jūras sāls ziepes" in page.content.decode()
    anna.browser.post(cart.public_url)
    order = anna.orders()

    (thanks,) = anna.reads()
    assert order.number in thanks
    assert Cart.objects.get().status == CartStatus.ORDERED


def test_the_consent_of_the_reminder_is_on_record(anna, soap):
    anna.puts_in_basket(soap)
    anna.leaves_number()

    record = ConsentRecord.objects.get()
    assert record.evidence["form"] == "keep-cart"
    assert record.contact == anna.contact


def test_a_cart_bought_in_time_is_never_reminded_of(anna, soap):
    anna.puts_in_basket(soap)
    anna.leaves_number()
    time_passes(minutes=30)

    order = anna.orders()
    time_passes(hours=1)

    (thanks,) = anna.reads()
    assert order.number in thanks
    left = Enrollment.objects.get(journey__code="cart_abandoned")
    assert (left.status, left.exit_reason) == ("exited", "order_placed")


def test_each_change_of_the_cart_starts_the_wait_again(anna, soap, mittens):
    anna.puts_in_basket(soap)
    anna.leaves_number()
    time_passes(minutes=50)

    anna.puts_in_basket(mittens)
    time_passes(minutes=50)
    assert anna.reads() == []

    time_passes(minutes=10)
    assert len(anna.reads()) == 1


def test_a_cart_closed_while_its_reminder_waits_is_left_alone(anna, staff, soap):
    cart = anna.puts_in_basket(soap)
    anna.leaves_number()
    _reminder_is_queued()

    staff.gives_up(cart)
    workers_look()

    assert anna.reads() == []
    (message,) = anna.messages
    assert message.status == MessageStatus.SKIPPED
    assert message.skip_reason == SkipReason.GUARD_CLOSED


def test_a_cart_given_up_during_the_wait_gets_no_message_at_all(anna, staff, soap):
    cart = anna.puts_in_basket(soap)
    anna.leaves_number()

    staff.gives_up(cart)
    time_passes(hours=1)

    assert anna.messages == []
    assert Enrollment.objects.get().exit_reason == "guard_closed"


def test_a_reminder_due_outside_the_hours_waits_until_they_open(brand, anna, soap):
    opens = opens_tomorrow_only(brand)
    anna.puts_in_basket(soap)
    anna.leaves_number()

    time_passes(hours=1)

    assert anna.reads() == []
    (waiting,) = anna.messages
    assert waiting.status == MessageStatus.QUEUED
    assert waiting.due_at == opens
    assert waiting.attempt == 0

    is_open_all_day(brand)
    time_passes(days=2)

    assert len(anna.reads()) == 1


def test_an_order_sms_does_not_wait_for_the_hours(brand, anna, soap):
    opens_tomorrow_only(brand)

    order = anna.buys(soap)

    (thanks,) = anna.reads()
    assert order.number in thanks


def test_r1_a_cart_of_someone_who_never_agreed_is_left_out(juris, soap, mittens):
    # The next basket of the same browser knows the number of the last order.
    juris.buys(soap, consent=False)
    juris.reads()
    cart = juris.puts_in_basket(mittens)
    assert cart.phone == juris.phone

    time_passes(hours=1)

    assert juris.reads() == []
    assert juris.messages[-1].guard_object == str(cart.pk)
    assert juris.messages[-1].skip_reason == SkipReason.NO_CONSENT


def test_r1_a_stop_during_the_wait_keeps_the_reminder_back(sender, anna, soap):
    anna.puts_in_basket(soap)
    anna.leaves_number()

    anna.answers("Stop", to=sender.address)
    time_passes(hours=1)

    (confirmation,) = anna.reads()
    assert "START" in confirmation
    reminders = Message.objects.filter(category=Category.MARKETING)
    assert not reminders.exclude(status=MessageStatus.SKIPPED).exists()


def _reminder_is_queued() -> None:
    """The wait is over and the message is written, but no worker sends it yet."""
    with nobody_works():
        Enrollment.objects.update(due_at=clock.now() - timedelta(seconds=1))
        journeys.run_due()
    assert Message.objects.get().status == MessageStatus.QUEUED
