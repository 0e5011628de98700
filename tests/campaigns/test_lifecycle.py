"""Campaigns move by compare-and-swap along one table of moves, and nowhere else."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from sms_marketing import campaigns, signals
from sms_marketing.campaigns import lifecycle
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidTransition
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Message,
    MessageStatus,
    SendBatch,
)
from tests.factories import make_campaign, make_message

ALLOWED = {
    ("draft", "scheduled"),
    ("draft", "launching"),
    ("draft", "canceled"),
    ("scheduled", "draft"),
    ("scheduled", "launching"),
    ("scheduled", "canceled"),
    ("launching", "sending"),
    ("launching", "canceled"),
    ("sending", "paused"),
    ("sending", "finished"),
    ("sending", "canceled"),
    ("paused", "sending"),
    ("paused", "canceled"),
    ("finished", "sending"),
}
PAIRS = [(old, new) for old in CampaignStatus.values for new in CampaignStatus.values]

pytestmark = pytest.mark.usefixtures("no_worker")


def put(campaign: Campaign, status: str) -> Campaign:
    Campaign.objects.filter(pk=campaign.pk).update(status=status, audience_count=0)
    campaign.refresh_from_db()
    return campaign


def row_of(campaign: Campaign, status: str, **over) -> Message:
    if status in {"sent", "delivered"}:
        over["sent_at"] = clock.now()
    if status == "skipped":
        over["skip_reason"] = "holdout"
    if status == "claimed":
        over["batch"] = SendBatch.objects.create(
            worker="w",
            sender=campaign.sender,
            lease_until=clock.now() + timedelta(minutes=1),
            created_at=clock.now(),
        )
    return make_message(
        campaign=campaign, sender=campaign.sender, status=status, **over
    )


@pytest.fixture
def moves():
    seen = []

    def receive(campaign, old_status, new_status, **kwargs):
        seen.append((campaign.pk, old_status, new_status))

    signals.campaign_moved.connect(receive)
    yield seen
    signals.campaign_moved.disconnect(receive)


@pytest.mark.parametrize(("old", "new"), PAIRS, ids="-".join)
def test_only_the_moves_of_the_table_are_made(campaign, old, new) -> None:
    put(campaign, old)

    if (old, new) in ALLOWED:
        lifecycle.move(campaign, new)
        expected = new
    else:
        with pytest.raises(InvalidTransition):
            lifecycle.move(campaign, new)
        expected = old

    assert Campaign.objects.get(pk=campaign.pk).status == expected


def test_a_move_writes_its_fields_with_the_status(campaign) -> None:
    now = clock.now()
    before = campaign.updated_at

    lifecycle.move(campaign, CampaignStatus.SCHEDULED, due_at=now)

    assert campaign.status == CampaignStatus.SCHEDULED
    assert campaign.due_at == now
    assert campaign.updated_at > before


def test_a_stale_copy_is_refused_and_told_the_status_of_now(campaign) -> None:
    put(campaign, "sending")
    stale = Campaign.objects.get(pk=campaign.pk)
    put(campaign, "canceled")

    with pytest.raises(InvalidTransition, match='"Spring" is canceled now'):
        campaigns.pause(stale)


def test_a_stale_copy_still_moves_where_the_move_is_allowed(campaign) -> None:
    put(campaign, "launching")
    stale = Campaign.objects.get(pk=campaign.pk)
    put(campaign, "sending")

    campaigns.pause(stale)

    assert Campaign.objects.get(pk=campaign.pk).status == "paused"


def racing(campaign, *statuses):
    """Somebody else moves it right before each of our swaps."""
    waiting = list(statuses)

    def wrapper(execute, sql, params, many, context):
        if sql.startswith("UPDATE") and "updated_at" in sql and waiting:
            other = waiting.pop(0)
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE sms_marketing_campaign SET status = %s WHERE id = %s",
                    [other, campaign.pk],
                )
        return execute(sql, params, many, context)

    return connection.execute_wrapper(wrapper)


def test_a_lost_race_is_tried_again_where_the_move_is_still_allowed(campaign) -> None:
    put(campaign, "launching")

    with racing(campaign, "sending"):
        campaigns.cancel(campaign)

    assert campaign.status == "canceled"


def test_a_status_that_never_rests_is_given_up(campaign) -> None:
    put(campaign, "sending")
    flips = ["paused", "sending"] * lifecycle.TRIES

    with racing(campaign, *flips), pytest.raises(InvalidTransition):
        lifecycle.move(campaign, "canceled")


def test_every_move_is_announced_after_the_commit(
    campaign, moves, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.move(campaign, CampaignStatus.SCHEDULED)
        assert moves == []

    assert moves == [(campaign.pk, "draft", "scheduled")]


def test_a_host_receiver_that_raises_does_not_stop_the_move(
    campaign, django_capture_on_commit_callbacks, caplog
) -> None:
    def broken(**kwargs):
        raise RuntimeError("host bug")

    signals.campaign_moved.connect(broken)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            lifecycle.move(campaign, CampaignStatus.SCHEDULED)
    finally:
        signals.campaign_moved.disconnect(broken)

    assert Campaign.objects.get(pk=campaign.pk).status == "scheduled"


def test_pause_and_resume_leave_every_row_as_it_is(campaign) -> None:
    put(campaign, "sending")
    row_of(campaign, "queued")
    row_of(campaign, "sent")
    before = list(Message.objects.order_by("pk").values_list("status", flat=True))

    campaigns.pause(campaign)
    campaigns.resume(campaign)

    assert campaign.status == "sending"
    assert (
        list(Message.objects.order_by("pk").values_list("status", flat=True)) == before
    )


def test_cancel_gives_up_queued_rows_and_no_others(campaign, monkeypatch) -> None:
    monkeypatch.setattr(lifecycle, "CANCEL_CHUNK", 2)
    put(campaign, "sending")
    other = make_campaign(sender=campaign.sender)
    for status in ("queued", "claimed", "sent", "queued", "skipped", "queued"):
        row_of(campaign, status)
    row_of(other, "queued")

    canceled = campaigns.cancel(campaign)

    assert canceled == 3
    assert campaign.status == "canceled"
    assert campaign.finished_at is not None
    statuses = campaign.messages.order_by("pk").values_list("status", flat=True)
    assert list(statuses) == [
        "canceled",
        "claimed",
        "sent",
        "canceled",
        "skipped",
        "canceled",
    ]
    assert other.messages.get().status == MessageStatus.QUEUED


def test_cancel_of_a_draft_has_no_rows_to_give_up(campaign) -> None:
    assert campaigns.cancel(campaign) == 0


@pytest.mark.parametrize("status", ["queued", "claimed"])
def test_finish_waits_for_rows_that_may_still_leave(campaign, status) -> None:
    put(campaign, "sending")
    row_of(campaign, status)

    assert campaigns.finish_ready() == 0
    assert Campaign.objects.get(pk=campaign.pk).status == "sending"


def test_unconfirmed_rows_do_not_hold_up_the_finish(campaign) -> None:
    put(campaign, "sending")
    for status in ("sent", "skipped", "unconfirmed"):
        row_of(campaign, status)

    assert campaigns.finish_ready() == 1

    campaign.refresh_from_db()
    assert campaign.status == "finished"
    assert campaign.finished_at is not None


def test_a_paused_campaign_is_not_finished_behind_ones_back(campaign) -> None:
    put(campaign, "paused")

    assert campaigns.finish_ready() == 0


def test_a_finished_campaign_goes_on_when_a_message_is_sent_again(campaign) -> None:
    put(campaign, "finished")
    row_of(campaign, "queued")

    assert campaigns.finish_ready() == 1

    campaign.refresh_from_db()
    assert campaign.status == "sending"
    assert campaign.finished_at is None


def test_rows_that_come_back_to_a_canceled_campaign_are_swept(campaign) -> None:
    put(campaign, "canceled")
    row = row_of(campaign, "queued")

    campaigns.finish_ready()

    row.refresh_from_db()
    assert row.status == MessageStatus.CANCELED


def test_a_lost_race_is_no_error_where_both_want_the_same(campaign) -> None:
    put(campaign, "canceled")

    assert lifecycle.try_move(campaign, CampaignStatus.FINISHED) is False


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_of_two_who_move_at_once_one_wins_and_one_is_told() -> None:
    campaign = put(make_campaign(), "sending")
    barrier = threading.Barrier(2)
    outcomes = []

    def run(act) -> None:
        copy = Campaign.objects.get(pk=campaign.pk)
        barrier.wait(timeout=10)
        try:
            act(copy)
            outcomes.append("moved")
        except InvalidTransition:
            outcomes.append("told")
        finally:
            connection.close()

    acts = [campaigns.cancel, lambda copy: lifecycle.move(copy, "finished")]
    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outcomes) == ["moved", "told"]
