"""Outcomes are kept until the database takes them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, InterfaceError, OperationalError

from sms_marketing.core import clock
from sms_marketing.models import Message, MessageStatus, SendBatch
from sms_marketing.providers import ErrorKind, SendResult
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.sending import outcomes
from tests import factories
from tests.sending.conftest import dispatch, sending_campaign, status_of, statuses

pytestmark = pytest.mark.django_db


@pytest.fixture
def failing(monkeypatch):
    """Let ``record_results`` fail the first few times, or as the test says."""
    real = outcomes.record_results

    def install(error, *, times=1, only=None):
        left = [times]

        def record(results, **kwargs):
            matches = only is None or any(only(result) for result in results)
            if left[0] and matches:
                left[0] -= 1
                raise error
            return real(results, **kwargs)

        monkeypatch.setattr(outcomes, "record_results", record)

    monkeypatch.setattr("sms_marketing.sending.worker.WRITE_PAUSE", 0.02)
    return install


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("gone")])
def test_outcomes_wait_for_a_database_that_is_away(
    provider, sender, failing, caplog, error
):
    failing(error, times=3)
    sending_campaign(sender, 5)

    report = dispatch()

    assert (report.sent, statuses()) == (5, {"sent": 5})
    assert len(provider.outbox) == 5
    assert "outcomes wait for the database" in caplog.text
    assert "gone" not in caplog.text


def test_nothing_new_is_claimed_or_handed_over_meanwhile(
    provider, sender, configure, failing
):
    configure(RELEASE_SIZE=2, CONCURRENCY=1, FLUSH_SECONDS=0.0)
    failing(OperationalError("gone"), times=10_000)
    sending_campaign(sender, 30)
    configure(RELEASE_SIZE=2, CONCURRENCY=1, FLUSH_SECONDS=0.0, LEASE_SECONDS=1)

    dispatch(seconds=0.5)

    # What was handed over stays claimed: after the lease it is unconfirmed.
    assert len(provider.outbox) <= 8
    assert statuses().keys() == {"claimed", "queued"}
    assert SendBatch.objects.filter(state=SendBatch.State.LIVE).exists()


def test_r6_one_outcome_that_cannot_be_written_costs_no_other(
    provider, sender, failing, caplog
):
    campaign = sending_campaign(sender, 4)
    odd = campaign.messages.first()
    failing(
        DataError("odd"), times=100, only=lambda result: result.handed.row.pk == odd.pk
    )

    assert dispatch().sent == 3

    assert statuses() == {"sent": 3, "claimed": 1}
    assert status_of(odd) == MessageStatus.CLAIMED
    assert f"message {odd.pk} has no outcome" in caplog.text


def test_what_a_vendor_writes_never_costs_the_outcome(provider, become, sender):
    class Odd(LocmemProvider):
        def send_one(self, outbound):
            return SendResult.accepted(
                outbound,
                provider_message_id="x\x00" + "y" * 500,
                part_count=10**9,
                price=Decimal("1E+30"),
                currency="EUROS",
            )

    become(Odd)
    message = factories.make_message(sender=sender)

    dispatch()

    assert status_of(message) == MessageStatus.SENT
    assert len(message.provider_message_id) == 128
    assert (message.part_count, message.price) == (1, Decimal("0.05"))


def test_the_vendors_parts_and_price_are_what_is_paid(provider, become, sender):
    class Telling(LocmemProvider):
        def send_one(self, outbound):
            told = {"part_count": 3}
            if outbound.text == "priced":
                told = {"price": Decimal("0.0125"), "currency": "USD"}
            return SendResult.accepted(outbound, **told)

    become(Telling)
    counted = factories.make_message(sender=sender, body="counted")
    priced = factories.make_message(sender=sender, body="priced")

    dispatch()

    status_of(counted)
    assert (counted.part_count, counted.price) == (3, Decimal("0.15"))
    status_of(priced)
    assert (priced.price, priced.currency) == (Decimal("0.0125"), "USD")
    assert priced.provider_message_id is None


def test_the_time_of_sending_is_that_of_the_answer(provider, sender, failing):
    """The database was away for a while after the carrier took it."""
    failing(OperationalError("gone"), times=60)
    message = factories.make_message(sender=sender)
    started = clock.now()

    dispatch()

    assert status_of(message) == MessageStatus.SENT
    assert message.sent_at - started < timedelta(seconds=1)
    assert clock.now() - started > timedelta(seconds=1.1)


def test_a_number_that_is_none_is_suppressed_without_harm(provider, sender, caplog):
    provider.plan(ErrorKind.INVALID_NUMBER)
    message = factories.make_message(sender=sender)
    Message.objects.update(to_phone="+1")
    type(message.contact).objects.update(phone="+1")

    assert dispatch().failed == 1
    assert "went to a number that is none" in caplog.text
    assert "+1 " not in caplog.text
