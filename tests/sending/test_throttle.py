"""A rate that all workers share, and the breaker."""

from __future__ import annotations

import random
import time
from datetime import timedelta

import pytest

from sms_marketing.core import clock
from sms_marketing.models import Sender
from sms_marketing.providers import ErrorKind, Outbound, SendResult
from sms_marketing.sending import throttle
from sms_marketing.sending.throttle import note_results, take_parts
from tests import factories
from tests.sending.conftest import dispatch, sending_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def slow(brand):
    return factories.make_sender(brand=brand, parts_per_second=10.0)


def refill(sender, seconds):
    """Let time pass for the bucket."""
    row = Sender.objects.get(pk=sender.pk)
    Sender.objects.filter(pk=sender.pk).update(
        bucket_at=row.bucket_at - timedelta(seconds=seconds)
    )


def test_without_a_rate_all_may_go(sender):
    assert take_parts(sender.pk, [1] * 1000) == 1000


def test_it_begins_with_one_part(slow):
    assert take_parts(slow.pk, [1] * 20) == 1
    assert take_parts(slow.pk, [1] * 20) == 0


def test_it_fills_at_the_rate_and_holds_half_a_second(slow):
    take_parts(slow.pk, [1] * 20)
    refill(slow, 0.35)
    assert take_parts(slow.pk, [1] * 20) in {3, 4}

    refill(slow, 3600)
    assert take_parts(slow.pk, [1] * 20) == 5


def test_parts_are_counted_not_messages(slow):
    take_parts(slow.pk, [1])
    refill(slow, 3600)
    assert take_parts(slow.pk, [2, 2, 2, 2]) == 3  # the third overdraws it
    refill(slow, 0.1)
    assert take_parts(slow.pk, [1]) == 0
    refill(slow, 0.1)
    assert take_parts(slow.pk, [1]) == 1


def test_ten_parts_leave_at_one_part_a_second_too(brand):
    sender = factories.make_sender(brand=brand, parts_per_second=1.0)

    assert take_parts(sender.pk, [10, 1]) == 1
    refill(sender, 9)
    assert take_parts(sender.pk, [10, 1]) == 0
    refill(sender, 1)
    assert take_parts(sender.pk, [10]) == 1


@pytest.mark.parametrize("rate", [1.0, 10.0, 200.0])
@pytest.mark.parametrize("size", [1, 3])
def test_three_workers_share_a_rate(brand, monkeypatch, rate, size):
    """Looks at odd moments for 40 s by the database's clock: within 5 %."""
    sender = factories.make_sender(brand=brand, parts_per_second=rate)
    dice, moment, taken = random.Random(1), clock.now(), 0
    ends = moment + timedelta(seconds=40)
    monkeypatch.setattr(throttle, "database_now", lambda using: moment)

    while moment < ends:
        taken += size * take_parts(sender.pk, [size] * 50)
        moment += timedelta(seconds=dice.random() / 4)

    # What was overdrawn, or has flowed in and is not yet taken, is one look's worth.
    assert 0.95 * rate * 40 - rate / 4 - 1 <= taken <= 1.05 * rate * 40 + size


def test_who_loses_the_race_for_the_bucket_takes_nothing(slow, monkeypatch):
    """Others take a sip between our look and our write, each time."""
    real = throttle.database_now

    def raced(using):
        refill(slow, -0.001)
        return real(using)

    take_parts(slow.pk, [1])
    refill(slow, 3600)
    monkeypatch.setattr(throttle, "database_now", raced)

    assert take_parts(slow.pk, [1]) == 0


# The breaker


def outbound():
    return Outbound(message_id=1, attempt=1, to="", text="", sender="")


def refused(kind, **over):
    return SendResult.refused(outbound(), kind, **over)


def accepted():
    return SendResult.accepted(outbound())


def errors(sender):
    return Sender.objects.get(pk=sender.pk).account_errors


def test_a_run_of_account_errors_halts_and_says_why(sender):
    broke = [refused(ErrorKind.NO_CREDIT)]

    assert not note_results(sender, broke * 4)
    assert errors(sender) == 4
    assert note_results(sender, broke)

    sender.refresh_from_db()
    assert sender.halted_at
    assert "5 refusals in a row" in sender.halt_reason
    assert "no_credit" in sender.halt_reason


def test_a_message_that_is_taken_starts_the_count_anew(sender):
    broke = [refused(ErrorKind.SENDER_CONFIG)]
    note_results(sender, broke * 3)

    note_results(sender, [*broke, accepted(), *broke])
    assert errors(sender) == 1

    note_results(sender, [accepted()])
    assert errors(sender) == 0
    assert Sender.objects.get(pk=sender.pk).halted_at is None


def test_refusals_of_single_messages_halt_nobody(sender):
    assert not note_results(sender, [refused(ErrorKind.BLOCKED)] * 50)
    assert not note_results(sender, [refused(ErrorKind.TEMPORARY)] * 50)
    assert errors(sender) == 0


@pytest.mark.parametrize(("asked", "waits"), [(None, 1.0), (90.0, 90.0)])
def test_a_vendors_pause_is_kept(sender, asked, waits):
    assert note_results(sender, [refused(ErrorKind.THROTTLED, retry_after=asked)])

    sender.refresh_from_db()
    ahead = (sender.not_before - clock.now()).total_seconds()
    assert waits - 5 < ahead <= waits + 1


def test_a_shorter_pause_does_not_end_a_longer_one(sender):
    note_results(sender, [refused(ErrorKind.THROTTLED, retry_after=300)])
    note_results(sender, [refused(ErrorKind.THROTTLED, retry_after=1)])

    sender.refresh_from_db()
    assert sender.not_before > clock.now() + timedelta(seconds=250)


def test_the_rate_holds_over_real_time(provider, brand):
    sender = factories.make_sender(brand=brand, parts_per_second=20.0)
    sending_campaign(sender, 60)
    started = time.monotonic()

    dispatch(seconds=1.5)

    took = time.monotonic() - started
    assert len(provider.outbox) <= 20 * took + 20 * throttle.BURST_SECONDS + 1
    assert len(provider.outbox) >= 15
