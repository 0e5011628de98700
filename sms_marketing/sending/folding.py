"""What one receipt does to one message: a pure rule, and the whole of R5."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from sms_marketing.models import MessageStatus
from sms_marketing.providers import ReceiptStatus

#: Higher never becomes lower within an attempt.
RANKS = {
    MessageStatus.QUEUED: 0,
    MessageStatus.CANCELED: 0,
    MessageStatus.CLAIMED: 1,
    MessageStatus.UNCONFIRMED: 3,
    MessageStatus.SENT: 4,
    MessageStatus.FAILED: 5,
    MessageStatus.UNDELIVERED: 5,
    MessageStatus.EXPIRED: 5,
    MessageStatus.DELIVERED: 6,
}
_BECOMES = {
    ReceiptStatus.SENT: MessageStatus.SENT,
    ReceiptStatus.DELIVERED: MessageStatus.DELIVERED,
    ReceiptStatus.UNDELIVERED: MessageStatus.UNDELIVERED,
    ReceiptStatus.EXPIRED: MessageStatus.EXPIRED,
    ReceiptStatus.FAILED: MessageStatus.FAILED,
}
#: Proof that a message left, whatever we thought of it.
_PROOF = (MessageStatus.SENT, MessageStatus.DELIVERED)
_WAITING = (MessageStatus.QUEUED, MessageStatus.CANCELED)


class Effect(Enum):
    """What becomes of the receipt itself."""

    APPLIED = "applied"
    IGNORED = "ignored"
    #: The worker that has the message in hand writes its outcome first.
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A receipt as the rule sees it; ``attempt`` None: the vendor does not echo it."""

    status: str
    attempt: int | None = None
    at: datetime
    provider_message_id: str = ""
    error_kind: str = ""
    error_code: str = ""
    part_count: int | None = None
    price: Decimal | None = None
    currency: str = ""


@dataclass(slots=True, kw_only=True)
class State:
    """A message as the rule sees it."""

    status: str
    attempt: int
    provider_message_id: str | None = None
    error_kind: str = ""
    error_code: str = ""
    part_count: int | None = None
    price: Decimal | None = None
    currency: str = ""
    sent_at: datetime | None = None
    delivered_at: datetime | None = None


def fold(state: State, news: News) -> Effect:
    """Apply a receipt to a message, in place; any order and number of them is fine.

    News of an earlier attempt counts only if it was delivered after all. A message
    that waits for another try takes proof that it left, and no complaint: that it was
    refused is known.
    """
    becomes = _BECOMES.get(ReceiptStatus(news.status))
    if becomes is None or state.status == MessageStatus.SKIPPED:
        return Effect.IGNORED
    attempt = state.attempt if news.attempt is None else news.attempt
    if attempt > state.attempt or attempt < 1:
        return Effect.LATER
    if attempt < state.attempt:
        if becomes != MessageStatus.DELIVERED:
            return Effect.IGNORED
    elif state.status == MessageStatus.CLAIMED:
        return Effect.LATER
    if state.status in _WAITING and becomes not in _PROOF:
        return Effect.IGNORED
    _raise_status(state, becomes, news)
    if attempt == state.attempt:
        _correct(state, news)
    return Effect.APPLIED


def _raise_status(state: State, becomes: MessageStatus, news: News) -> None:
    if RANKS[becomes] <= RANKS[MessageStatus(state.status)]:
        return
    state.status = becomes
    state.error_kind, state.error_code = news.error_kind, news.error_code
    if becomes in _PROOF:
        state.sent_at = state.sent_at or news.at
    if becomes == MessageStatus.DELIVERED:
        # Vendors' clocks differ: nothing arrives before it left.
        state.delivered_at = max(news.at, state.sent_at or news.at)


def _correct(state: State, news: News) -> None:
    state.provider_message_id = state.provider_message_id or news.provider_message_id
    if news.part_count and news.part_count != state.part_count:
        if state.price is not None and state.part_count:
            state.price = state.price / state.part_count * news.part_count
        state.part_count = news.part_count
    if news.price is not None:
        state.price = news.price
        state.currency = news.currency or state.currency
