"""Tasks carry no state: each looks for work, and one room's fault stops no other."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.test import override_settings

from sms_marketing import campaigns, events, sending, tasks
from sms_marketing.core import clock
from sms_marketing.models import (
    CampaignStatus,
    Category,
    Conversion,
    Message,
    MessageStatus,
    Purchase,
)
from tests.events.hosts import place_order
from tests.factories import make_campaign, make_contact, make_message, make_purchase

pytestmark = pytest.mark.django_db


def test_one_tick_takes_a_campaign_from_launch_to_finish(outbox):
    make_contact()
    campaign = make_campaign()
    campaigns.launch(campaign)

    tasks.launch(campaign.pk)
    tasks.dispatch()
    tasks.tick()

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.FINISHED
    assert len(outbox) == 1


def test_running_a_task_twice_sends_once(outbox):
    make_message()

    tasks.dispatch()
    tasks.dispatch()

    assert len(outbox) == 1
    assert Message.objects.get().status == MessageStatus.SENT


def test_r10_the_fault_of_one_room_does_not_stop_the_others_and_is_not_quoted(
    caplog, outbox
):
    done = []

    def fail() -> None:
        raise RuntimeError("Key (phone)=(+37120000000) already exists")

    with caplog.at_level(logging.ERROR):
        tasks._logged(fail)()
        tasks._logged(lambda: done.append(True))()

    assert done
    assert "failed: RuntimeError at " in caplog.text
    assert "37120000000" not in caplog.text


def test_a_long_tick_stays_for_its_time(outbox):
    given = {**django_settings.SMS_MARKETING, "TICK_SECONDS": 1.2}
    with override_settings(SMS_MARKETING=given):
        make_message()
        tasks.tick()

    assert sending.has_due() is True


def test_a_launch_that_is_not_done_is_handed_over(django_capture_on_commit_callbacks):
    make_contact()
    campaign = make_campaign()
    campaigns.launch(campaign)

    with django_capture_on_commit_callbacks() as nudges:
        tasks.launch(campaign.pk)

    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.SENDING
    assert nudges


def test_events_and_replies_have_their_tasks(contact):
    events.track(contact, "looked", {"product": "soap"})

    tasks.process_events()
    tasks.process_inbound()
    tasks.fold_receipts()

    assert contact.events.get().processed_at is not None


def test_an_order_that_was_left_to_a_worker_is_recorded_once(brand, settings):
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.events.hosts.no_worker",
    }
    order = place_order()

    for _twice in range(2):
        tasks.record("shop.Order", str(order.pk), "default")

    assert Purchase.objects.get().external_id == str(order.pk)


def test_an_order_is_credited_at_once_and_the_tick_finds_the_older_ones(contact):
    make_message(
        contact=contact,
        category=Category.MARKETING,
        status=MessageStatus.DELIVERED,
        sent_at=clock.now() - timedelta(hours=3),
        delivered_at=clock.now() - timedelta(hours=3),
    )
    earlier = make_purchase(contact=contact, placed_at=clock.now() - timedelta(hours=2))
    Purchase.objects.filter(pk=earlier.pk).update(updated_at=earlier.placed_at)
    fresh = make_purchase(contact=contact)

    tasks.process_events()
    assert Conversion.objects.get().purchase == fresh

    tasks.tick()
    assert Conversion.objects.count() == 2
