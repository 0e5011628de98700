"""Two workers, two connections, one database: every message exactly once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, connections

from sms_marketing import sending
from sms_marketing.core import clock
from sms_marketing.models import Message, MessageStatus, SendBatch
from sms_marketing.providers import Receipt, ReceiptStatus
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.sending.lanes import find_lanes
from tests.sending.conftest import sending_campaign, statuses
from tests.sending.test_recover import Silent, claimed_batch

pytestmark = [
    pytest.mark.real_database,
    pytest.mark.django_db(transaction=True),
]


def at_once(*works):
    """Run each on a thread and connection of its own, all starting together."""
    barrier = threading.Barrier(len(works))
    faults, results = [], []

    def run(work):
        try:
            barrier.wait()
            results.append(work())
        except Exception as error:  # noqa: BLE001  (told to the main thread)
            faults.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    return results


def test_two_dispatchers_send_each_message_once(provider, sender, configure):
    configure(RELEASE_SIZE=5, CONCURRENCY=3)
    campaign = sending_campaign(sender, 120)

    reports = at_once(*[lambda: sending.dispatch(seconds=20)] * 3)

    sent = Counter(item.message_id for item in provider.outbox)
    assert set(sent) == set(campaign.messages.values_list("pk", flat=True))
    assert set(sent.values()) == {1}
    assert sum(report.sent for report in reports) == 120
    assert statuses() == {"sent": 120}
    assert not SendBatch.objects.exclude(state=SendBatch.State.DONE).exists()


def test_two_recoveries_bury_a_batch_once(provider, become, sender):
    become(Silent)
    claimed_batch(sender, 10, watermark_at=4)

    reports = at_once(*[sending.recover] * 3)

    assert sum(report.batches for report in reports) == 1
    assert sum(report.requeued for report in reports) == 6
    assert statuses() == {"queued": 6, "unconfirmed": 4}


def test_two_folds_of_the_same_receipts_lose_none(provider, sender):
    campaign = sending_campaign(sender, 40)
    sending.dispatch(seconds=20)
    ids = list(campaign.messages.values_list("pk", flat=True))
    for status in (ReceiptStatus.SENT, ReceiptStatus.DELIVERED, ReceiptStatus.FAILED):
        sending.store_receipts(
            "default", [Receipt(reference=f"{pk}-1", status=status) for pk in ids]
        )

    at_once(*[lambda: sending.fold_receipts(limit=25)] * 4)
    while sending.fold_receipts(limit=25):
        pass

    assert statuses() == {"delivered": 40}


def test_the_claim_reads_its_index_however_much_waits(sender):
    """A sequential scan here would read ten million rows for each batch."""
    campaign = sending_campaign(sender, 30)
    lane = next(find_lanes())
    claim = lane.due.values_list("pk")[:100]
    assert lane.campaign_id == campaign.pk
    if connection.vendor == "mysql":
        plan = claim.explain()
        assert "message_due_for_claim" in plan
        assert "range" in plan  # what is not due yet is not read
        assert "filesort" not in plan
        return
    with connection.cursor() as cursor:
        # Thirty rows are read faster without an index; ten million are not.
        cursor.execute("SET enable_seqscan = off")
        cursor.execute("ANALYZE sms_marketing_message")
        plan = claim.explain()
        cursor.execute("RESET enable_seqscan")

    assert "message_due_for_claim" in plan
    # What is not due yet is not read: the index ends where the due rows end.
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "due_at" in condition


def test_pausing_while_two_workers_claim_stops_all_of_it(provider, sender, configure):
    configure(RELEASE_SIZE=1, CONCURRENCY=1, RECHECK_SECONDS=0.0)
    campaign = sending_campaign(sender, 40)

    def pause():
        while not Message.objects.filter(status=MessageStatus.SENT).exists():
            pass
        type(campaign).objects.filter(pk=campaign.pk).update(status="paused")

    at_once(pause, *[lambda: sending.dispatch(seconds=20)] * 2)

    found = statuses()
    assert set(found) == {"sent", "queued"}
    assert found["sent"] == len(provider.outbox) < 40


def test_a_connection_that_is_cut_loses_and_doubles_nothing(
    provider, become, sender, configure, caplog
):
    """The server ends our session in mid-send; what was answered is still written."""
    ask, end = {
        "postgresql": ("SELECT pg_backend_pid()", "SELECT pg_terminate_backend(%s)"),
        "mysql": ("SELECT CONNECTION_ID()", "KILL %s"),
    }[connection.vendor]
    configure(RELEASE_SIZE=5, CONCURRENCY=2, FLUSH_SECONDS=0.02)
    campaign = sending_campaign(sender, 60)
    with connection.cursor() as cursor:
        cursor.execute(ask)
        [session] = cursor.fetchone()
    cut = threading.Event()

    class Cutting(LocmemProvider):
        def send_one(self, outbound):
            if len(self.outbox) == 12 and not cut.is_set():
                cut.set()
                # A connection of this thread's own.
                with connections["default"].cursor() as cursor:
                    cursor.execute(end, [session])
                connections.close_all()
            return super().send_one(outbound)

    become(Cutting)
    try:
        sending.dispatch(seconds=20)
    except DatabaseError:
        connection.close()

    assert cut.is_set()
    recorded = Message.objects.filter(status=MessageStatus.SENT)
    assert {item.message_id for item in provider.outbox} == set(
        recorded.values_list("pk", flat=True)
    )
    SendBatch.objects.update(lease_until=clock.now() - timedelta(seconds=1))
    sending.recover()
    sending.dispatch(seconds=20)
    assert statuses() == {"sent": 60}
    sent = Counter(item.message_id for item in provider.outbox)
    assert set(sent) == set(campaign.messages.values_list("pk", flat=True))
    assert set(sent.values()) == {1}
