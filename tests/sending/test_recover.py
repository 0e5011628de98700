"""Killed workers, sleeping workers, carriers that know and that do not (R3)."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import timedelta

import pytest

from sms_marketing import sending
from sms_marketing.core import clock
from sms_marketing.models import Message, MessageStatus, SendBatch
from sms_marketing.providers import Lookup, LookupOutcome, Outcome
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.sending.claim import claim_messages
from sms_marketing.sending.lanes import find_lanes
from sms_marketing.sending.worker import Worker
from tests import factories
from tests.sending.conftest import dispatch, sending_campaign, status_of, statuses

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """The worker is gone: nothing of it runs any more."""


def expire_leases():
    past = clock.now() - timedelta(seconds=1)
    SendBatch.objects.update(lease_until=past)


def run_and_kill(monkeypatch, *, at, nth):
    """Dispatch until ``Worker.<at>`` is called the n-th time, then die there."""
    calls = Counter()
    real = getattr(Worker, at)

    def dying(self):
        calls[at] += 1
        if calls[at] == nth:
            # What is with the provider goes on without us, and nobody hears of it.
            for post in self._posts.values():
                post.crew.close()
            raise Killed
        return real(self)

    with monkeypatch.context() as patch:
        patch.setattr(Worker, at, dying)
        patch.setattr(Worker, "leave", lambda self: None)
        with pytest.raises(Killed):
            dispatch()


@pytest.mark.parametrize("at", ["collect", "release", "claim", "rest"])
@pytest.mark.parametrize("nth", [2, 3, 6])
def test_r3_a_killed_worker_loses_and_doubles_nothing(
    provider, sender, configure, monkeypatch, at, nth
):
    configure(RELEASE_SIZE=4, CONCURRENCY=2, FLUSH_SECONDS=0.02)
    campaign = sending_campaign(sender, 30)

    run_and_kill(monkeypatch, at=at, nth=nth)
    sent_before = {item.reference for item in provider.outbox}
    assert sending.recover() == sending.RecoverReport()  # its lease still runs

    expire_leases()
    report = sending.recover()

    assert report.batches >= 1
    # This carrier can be asked, so nothing is left in the dark.
    assert report.found + report.sent_again == report.unconfirmed
    assert MessageStatus.UNCONFIRMED not in statuses()
    dispatch()

    assert statuses() == {"sent": 30}
    per_message = Counter(item.message_id for item in provider.outbox)
    assert set(per_message) == set(campaign.messages.values_list("pk", flat=True))
    assert set(per_message.values()) == {1}
    assert sent_before <= {item.reference for item in provider.outbox}


class Silent(LocmemProvider):
    """A carrier that cannot be asked."""

    supports_lookup = False


def test_r3_without_look_up_what_may_have_left_waits_for_news(
    provider, become, sender, configure, monkeypatch
):
    configure(RELEASE_SIZE=4, CONCURRENCY=2, FLUSH_SECONDS=60)
    become(Silent)
    sending_campaign(sender, 30)

    run_and_kill(monkeypatch, at="claim", nth=3)
    expire_leases()
    report = sending.recover()

    left = {item.message_id for item in provider.outbox}
    unconfirmed = set(
        Message.objects.filter(status=MessageStatus.UNCONFIRMED).values_list(
            "pk", flat=True
        )
    )
    recorded = set(
        Message.objects.filter(status=MessageStatus.SENT).values_list("pk", flat=True)
    )
    assert report.unconfirmed == len(unconfirmed)
    assert left <= unconfirmed | recorded
    assert report.sent_again == 0

    become(LocmemProvider)
    LocmemProvider.supports_lookup = True
    dispatch()
    # Only what surely never left went out; the rest is for the operator to see.
    assert not unconfirmed & {i.message_id for i in provider.outbox if i.attempt > 1}


def claimed_batch(sender, count, *, watermark_at=None, **over):
    """A batch whose worker died after handing over the first few rows."""
    sending_campaign(sender, count)
    lane = next(find_lanes())
    claim = claim_messages(lane, limit=count)
    ids = [row.pk for row in claim.rows]
    watermark = ids[watermark_at - 1] if watermark_at else 0
    SendBatch.objects.filter(pk=claim.batch_id).update(
        watermark=watermark, lease_until=clock.now() - timedelta(seconds=1), **over
    )
    return ids


def test_r3_the_watermark_parts_what_may_have_left_from_what_surely_has_not(
    provider, become, sender
):
    become(Silent)
    ids = claimed_batch(sender, 5, watermark_at=2)

    report = sending.recover()

    assert (report.batches, report.unconfirmed, report.requeued) == (1, 2, 3)
    rows = Message.objects.in_bulk(ids)
    assert [rows[pk].status for pk in ids] == ["unconfirmed"] * 2 + ["queued"] * 3
    assert [rows[pk].attempt for pk in ids] == [1, 1, 0, 0, 0]
    assert SendBatch.objects.get().state == SendBatch.State.DEAD
    assert sending.recover() == sending.RecoverReport()


def test_r3_what_the_carrier_does_not_know_is_sent_again(provider, sender):
    ids = claimed_batch(sender, 3, watermark_at=2)

    report = sending.recover()

    assert (report.unconfirmed, report.sent_again, report.requeued) == (2, 2, 1)
    dispatch()
    assert statuses() == {"sent": 3}
    assert sorted(item.reference for item in provider.outbox) == sorted(
        [f"{ids[0]}-2", f"{ids[1]}-2", f"{ids[2]}-1"]
    )


def test_r3_what_the_carrier_knows_is_sent_and_priced(provider, sender):
    provider.plan(Outcome.UNCONFIRMED)
    message = factories.make_message(sender=sender)
    dispatch()
    expire_leases()

    assert sending.recover().found == 1

    assert status_of(message) == MessageStatus.SENT
    assert message.provider_message_id
    assert message.sent_at


def test_r3_nobody_is_asked_while_a_request_may_be_under_way(provider, become, sender):
    asked = []

    class Asked(LocmemProvider):
        def find(self, reference):
            asked.append(reference)
            return super().find(reference)

    provider.plan(Outcome.UNCONFIRMED)
    become(Asked)
    message = factories.make_message(sender=sender)
    dispatch()

    sending.recover()
    assert asked == []

    expire_leases()
    sending.recover()
    assert asked == [f"{message.pk}-1"]


@pytest.mark.parametrize(
    "answer", [LookupOutcome.UNANSWERED, LookupOutcome.UNSUPPORTED], ids=str
)
def test_r3_an_unclear_answer_changes_nothing(provider, become, sender, answer):
    class Unclear(LocmemProvider):
        def find(self, reference):
            return Lookup(outcome=answer)

    become(Unclear)
    claimed_batch(sender, 1, watermark_at=1)

    report = sending.recover()

    assert (report.found, report.sent_again) == (0, 0)
    assert statuses() == {"unconfirmed": 1}


def test_r3_a_carrier_may_know_it_without_any_news(provider, become, sender):
    class Terse(LocmemProvider):
        def find(self, reference):
            return Lookup(outcome=LookupOutcome.FOUND)

    become(Terse)
    claimed_batch(sender, 1, watermark_at=1)

    assert sending.recover().found == 1
    assert statuses() == {"sent": 1}


def test_r3_a_carrier_that_takes_a_reference_once_gets_the_same_one_again(
    provider, become, sender
):
    class Idempotent(Silent):
        supports_idempotency = True

    become(Idempotent)
    ids = claimed_batch(sender, 1, watermark_at=1)

    assert sending.recover().sent_again == 1
    dispatch()

    assert [item.reference for item in provider.outbox] == [f"{ids[0]}-1"]
    assert statuses() == {"sent": 1}


def test_questions_end_after_a_while(provider, become, sender, monkeypatch):
    asked = []

    class Slow(LocmemProvider):
        def find(self, reference):
            asked.append(reference)
            return super().find(reference)

    monkeypatch.setattr(sys.modules["sms_marketing.sending.recover"], "ASK_SECONDS", -1)
    become(Slow)
    claimed_batch(sender, 2, watermark_at=2)

    assert sending.recover().sent_again == 0
    assert asked == []


def test_after_a_day_only_a_person_decides(provider, sender, configure):
    provider.plan(Outcome.UNCONFIRMED)
    factories.make_message(sender=sender)
    dispatch()
    SendBatch.objects.update(lease_until=clock.now() - timedelta(hours=25))

    assert sending.recover() == sending.RecoverReport()


def test_a_provider_that_is_gone_from_the_settings_is_not_asked(
    provider, sender, caplog
):
    claimed_batch(sender, 1, watermark_at=1)
    sender.provider = "gone"
    sender.save()

    sending.recover()

    assert statuses() == {"unconfirmed": 1}
    assert "gone" in caplog.text


def test_r3_a_worker_that_wakes_up_after_its_lease_sends_nothing_more(
    provider, sender, configure
):
    """A zombie: stopped past its lease, its rows were given to others meanwhile."""
    configure(RELEASE_SIZE=1, CONCURRENCY=1)
    sending_campaign(sender, 6)
    zombie = Worker(seconds=60, lane="all")
    zombie.claim()

    expire_leases()
    assert sending.recover().requeued == 2
    assert dispatch().sent == 6

    zombie.release()
    zombie.collect()
    zombie.leave()

    assert len(provider.outbox) == 6
    assert statuses() == {"sent": 6}


def test_r3_a_late_outcome_of_a_lost_batch_changes_nothing(provider, sender, configure):
    """The zombie's request was answered, but others settled the message by then."""
    configure(RELEASE_SIZE=10, CONCURRENCY=1)
    campaign = sending_campaign(sender, 1)
    zombie = Worker(seconds=60, lane="all")
    zombie.claim()
    zombie.release()
    while not zombie._posts["default"].crew._answers:
        time.sleep(0.01)
    message = campaign.messages.get()

    expire_leases()
    sending.recover()
    assert status_of(message) == MessageStatus.SENT
    told = Message.objects.values().get()
    zombie.leave()

    assert Message.objects.values().get() == told
    assert len(provider.outbox) == 1


def test_a_slow_provider_does_not_cost_the_lease(provider, sender, configure):
    configure(LEASE_SECONDS=60)
    sending_campaign(sender, 1)
    worker = Worker(seconds=60, lane="all")
    worker.claim()
    expire_leases()
    worker._batches[0]._touched_at -= 30

    worker.release()

    assert SendBatch.objects.get().lease_until > clock.now() + timedelta(seconds=50)
    worker.leave()
