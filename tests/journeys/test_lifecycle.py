"""A journey starts when nothing is wrong with it, and says what is."""

from __future__ import annotations

import pytest

from sms_marketing import journeys
from sms_marketing.exceptions import InvalidTransition, NotSendable
from sms_marketing.models import (
    JourneyStatus,
    Message,
    MessageStatus,
    Sender,
    Variant,
    VariantBody,
)
from tests.journeys.paths import make_cart_journey, make_due, make_journey, order, touch

pytestmark = pytest.mark.django_db


def test_a_sound_draft_goes_live_and_can_be_paused_and_started_again() -> None:
    journey = make_journey(status=JourneyStatus.DRAFT)

    assert journeys.activate(journey).status == JourneyStatus.LIVE
    assert journeys.pause(journey).status == JourneyStatus.PAUSED
    assert journeys.activate(journey).status == JourneyStatus.LIVE


@pytest.mark.parametrize(
    ("move", "allowed"),
    [
        (journeys.activate, {JourneyStatus.DRAFT, JourneyStatus.PAUSED}),
        (journeys.pause, {JourneyStatus.LIVE}),
    ],
)
@pytest.mark.parametrize("status", JourneyStatus)
def test_every_move_that_is_not_in_the_table_is_refused(move, allowed, status) -> None:
    journey = make_journey(status=status)
    if status in allowed:
        assert move(journey).status != status
        return

    with pytest.raises(InvalidTransition):
        move(journey)
    journey.refresh_from_db()
    assert journey.status == status


def test_pausing_keeps_what_is_queued_for_later(contact) -> None:
    journey = make_journey()
    order(contact)
    journeys.process_events()

    journeys.pause(journey)

    assert Message.objects.get().status == MessageStatus.QUEUED


def test_who_is_on_the_way_goes_on_after_a_pause(contact) -> None:
    journey = make_cart_journey()
    touch(contact)
    journeys.process_events()
    journeys.pause(journey)
    make_due()
    assert journeys.run_due() == 0

    journeys.activate(journey)

    assert journeys.run_due() == 1


def problem_of(journey) -> str:
    with pytest.raises(NotSendable) as caught:
        journeys.activate(journey)
    journey.refresh_from_db()
    assert journey.status == JourneyStatus.DRAFT
    return caught.value.reason


def test_everything_that_is_wrong_is_said_at_once(sender) -> None:
    Sender.objects.update(is_enabled=False)
    journey = make_journey(
        [60],
        status=JourneyStatus.DRAFT,
        trigger_event="",
        conditions=["paid"],
        exit_events={"order_placed": 1},
        guard="shop.Basket.open",
    )

    said = problem_of(journey).splitlines()

    assert len(said) == 6
    assert said[0] == "Say which event starts the journey."
    assert '{"status": "paid"}' in said[1]
    assert '["order_placed"]' in said[2]
    assert "no check “shop.Basket.open”" in said[3]
    assert said[4] == "Add a step that sends a message."
    assert said[5] == "Add a sender that may carry this kind of message."


def test_exit_events_are_names() -> None:
    journey = make_journey(status=JourneyStatus.DRAFT, exit_events=[1])

    assert "ending events" in problem_of(journey)


def test_texts_are_checked_in_every_language() -> None:
    journey = make_journey([60, "Sveiki!"], status=JourneyStatus.DRAFT)
    variant = Variant.objects.get(step__journey=journey)
    VariantBody.objects.create(
        variant=variant, language="en", text="Hi {{ first_nam }}!"
    )

    said = problem_of(journey)

    assert said.startswith("Step 2, text A, “en”: ")
    assert "first_name" in said


def test_the_fallback_language_must_be_written() -> None:
    journey = make_journey(status=JourneyStatus.DRAFT)
    VariantBody.objects.update(language="en")

    assert "write it in “lv” too" in problem_of(journey)


def test_a_step_without_a_text_is_named() -> None:
    journey = make_journey(status=JourneyStatus.DRAFT)
    Variant.objects.all().delete()

    assert problem_of(journey) == "Write the text of step 1."


def test_marketing_needs_a_way_out(sender, settings) -> None:
    settings.SMS_MARKETING = {**settings.SMS_MARKETING, "PUBLIC_URL": ""}
    Sender.objects.update(kind=Sender.Kind.NAME, address="Veikals")
    service = make_journey(status=JourneyStatus.DRAFT)
    reminder = make_cart_journey(status=JourneyStatus.DRAFT)

    assert journeys.problems(service) == []
    assert "PUBLIC_URL" in problem_of(reminder)

    sender.brand.link_base_url = "https://vst.lv/s"
    sender.brand.save()
    reminder.refresh_from_db()
    assert journeys.problems(reminder) == []
