"""The rule of receipts: every pair, and an oracle that knows no order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.models import MessageStatus
from sms_marketing.providers import ReceiptStatus
from sms_marketing.sending.folding import RANKS, Effect, News, State, fold

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ATTEMPT = 2
#: What each status becomes by news of the same attempt; what is not listed stays.
TABLE = {
    "queued": {"sent": "sent", "delivered": "delivered"},
    "canceled": {"sent": "sent", "delivered": "delivered"},
    "claimed": {},
    "unconfirmed": {
        "sent": "sent",
        "delivered": "delivered",
        "undelivered": "undelivered",
        "expired": "expired",
        "failed": "failed",
    },
    "sent": {
        "delivered": "delivered",
        "undelivered": "undelivered",
        "expired": "expired",
        "failed": "failed",
    },
    "failed": {"delivered": "delivered"},
    "undelivered": {"delivered": "delivered"},
    "expired": {"delivered": "delivered"},
    "delivered": {},
    "skipped": {},
}


WAITING = {MessageStatus.QUEUED, MessageStatus.CANCELED}


def state(status: str, **over: object) -> State:
    return State(**{"status": status, "attempt": ATTEMPT, **over})


def news(status: str, **over: object) -> News:
    return News(**{"status": status, "attempt": ATTEMPT, "at": NOON, **over})


@pytest.mark.parametrize("status", MessageStatus, ids=str)
@pytest.mark.parametrize("receipt", ReceiptStatus, ids=str)
def test_r5_every_pair_of_status_and_receipt(status, receipt):
    message = state(status)

    effect = fold(message, news(receipt))

    assert message.status == TABLE[status].get(receipt, status)
    if status == MessageStatus.CLAIMED and receipt != ReceiptStatus.UNKNOWN:
        assert effect is Effect.LATER
    else:
        assert effect is not Effect.LATER


@pytest.mark.parametrize("status", MessageStatus, ids=str)
@pytest.mark.parametrize("receipt", ReceiptStatus, ids=str)
def test_r5_news_of_an_earlier_attempt_counts_only_as_delivered(status, receipt):
    message = state(status)

    fold(message, news(receipt, attempt=1))

    came_true = receipt == ReceiptStatus.DELIVERED and status != MessageStatus.SKIPPED
    assert message.status == ("delivered" if came_true else status)


def test_news_of_an_attempt_that_was_not_made_yet_waits():
    assert fold(state("sent"), news("delivered", attempt=3)) is Effect.LATER
    assert fold(state("queued", attempt=0), news("sent", attempt=None)) is Effect.LATER


@given(
    start=st.sampled_from(sorted(set(RANKS) - {MessageStatus.CLAIMED})),
    receipts=st.lists(
        st.tuples(st.sampled_from(list(ReceiptStatus)), st.integers(1, ATTEMPT)),
        max_size=8,
    ),
    data=st.data(),
)
def test_r5_order_and_repetition_change_no_rank(start, receipts, data):
    shuffled = data.draw(st.permutations(receipts * 3))
    one, other = state(start), state(start)

    for status, attempt in receipts:
        fold(one, news(status, attempt=attempt))
    before = RANKS[MessageStatus(start)]
    for status, attempt in shuffled:
        fold(other, news(status, attempt=attempt))
        # Never lower, at any moment.
        assert RANKS[MessageStatus(other.status)] >= before
        before = RANKS[MessageStatus(other.status)]

    if start not in WAITING:
        # A complaint about one that waits means nothing, unless it comes after proof.
        assert RANKS[MessageStatus(one.status)] == before == oracle(start, receipts)


def oracle(start: str, receipts: list[tuple[str, int]]) -> int:
    """The highest rank that anything proves, whatever came first."""
    own = {status for status, attempt in receipts if attempt == ATTEMPT}
    any_delivered = any(status == "delivered" for status, _attempt in receipts)
    if any_delivered:
        return 6
    rank = RANKS[MessageStatus(start)]
    complaint = own & {"failed", "undelivered", "expired"}
    if "sent" in own:
        rank = max(rank, 4)
    if complaint:
        rank = max(rank, 5)
    return rank


def test_delivery_sets_the_times_once():
    message = state("unconfirmed")

    fold(message, news("delivered", at=NOON))
    fold(message, news("delivered", at=NOON + timedelta(hours=1)))

    assert (message.sent_at, message.delivered_at) == (NOON, NOON)


def test_nothing_arrives_before_it_left():
    message = state("sent", sent_at=NOON)

    fold(message, news("delivered", at=NOON - timedelta(minutes=5)))

    assert message.delivered_at == NOON


def test_a_failure_says_why_and_delivery_takes_it_back():
    message = state("sent", sent_at=NOON)

    fold(message, news("failed", error_kind="blocked", error_code="30007"))
    assert (message.error_kind, message.error_code) == ("blocked", "30007")

    fold(message, news("delivered"))
    assert (message.error_kind, message.error_code) == ("", "")


def test_the_vendors_parts_correct_ours_and_the_price():
    message = state("sent", sent_at=NOON, part_count=1, price=Decimal("0.05"))

    for _again in range(3):
        fold(message, news("delivered", part_count=3))

    assert (message.part_count, message.price) == (3, Decimal("0.15"))


def test_the_vendors_own_price_wins():
    message = state("sent", sent_at=NOON, price=Decimal("0.05"), currency="EUR")

    fold(message, news("sent", price=Decimal("0.031"), currency="USD"))

    assert (message.price, message.currency) == (Decimal("0.031"), "USD")
    fold(message, news("sent", price=Decimal("0.032")))
    assert (message.price, message.currency) == (Decimal("0.032"), "USD")


def test_a_count_without_a_price_invents_none():
    message = state("sent", sent_at=NOON)

    fold(message, news("delivered", part_count=2, provider_message_id="x1"))

    assert (message.part_count, message.price) == (2, None)
    assert message.provider_message_id == "x1"
