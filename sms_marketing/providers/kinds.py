"""The few words that every vendor's statuses and errors are translated into."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of one hand-over to a vendor."""

    ACCEPTED = "accepted"
    """The vendor took it and will report."""
    REFUSED = "refused"
    """The vendor surely did not take it: another attempt cannot double it."""
    UNCONFIRMED = "unconfirmed"
    """Nobody knows: never send again blindly (R3)."""


class ReceiptStatus(StrEnum):
    """What a vendor's news says about a message that it took."""

    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """News in a word that we have no translation for: kept, changes nothing."""

    @property
    def is_final(self) -> bool:
        """Whether nothing further is expected."""
        return self not in (ReceiptStatus.SENT, ReceiptStatus.UNKNOWN)


class LookupOutcome(StrEnum):
    """What a vendor answers when asked for a message by our reference."""

    FOUND = "found"
    NOT_KNOWN = "not_known"
    """It surely never arrived there: it may be sent again."""
    UNSUPPORTED = "unsupported"
    UNANSWERED = "unanswered"
    """The question failed or the answer was unclear: ask again later."""


class ErrorKind(StrEnum):
    """Why a message was not taken or not delivered; vendor codes stop here."""

    TEMPORARY = "temporary"
    """A fault over there that passes by itself."""
    THROTTLED = "throttled"
    """Too many at once; nothing was sent."""
    INVALID_NUMBER = "invalid_number"
    """No such number, or one that cannot receive an SMS."""
    OPTED_OUT = "opted_out"
    """The recipient told the carrier to stop this sender."""
    BLOCKED = "blocked"
    """A carrier's filter stopped this text or this route."""
    NO_CREDIT = "no_credit"
    """The account has no money or has used up its quota."""
    SENDER_CONFIG = "sender_config"
    """Wrong credentials, a sender that is not registered, a wrong address."""
    REJECTED = "rejected"
    """This request is wrong and will stay wrong."""
    UNKNOWN = "unknown"
    """A reason that we have no translation for."""

    @property
    def is_retryable(self) -> bool:
        """Whether the same message may succeed later (with a back-off)."""
        return _CONSEQUENCES[self].retry

    @property
    def is_account_level(self) -> bool:
        """Whether every message of this account or sender would fail alike.

        A run of these opens the sender's circuit breaker: a person must act.
        """
        return _CONSEQUENCES[self].account

    @property
    def suppresses(self) -> bool:
        """Whether this number must not be tried again (by this sender)."""
        return _CONSEQUENCES[self].suppress

    @property
    def allows_failover(self) -> bool:
        """Whether another sender could succeed where this one was refused."""
        return _CONSEQUENCES[self].failover


@dataclass(frozen=True, slots=True, kw_only=True)
class _Consequence:
    retry: bool = False
    account: bool = False
    suppress: bool = False
    failover: bool = False


# Account-level refusals are worth another attempt: the money comes, the password is
# corrected. Failing half a campaign for good because a balance ran dry would be wrong.
_CONSEQUENCES = {
    ErrorKind.TEMPORARY: _Consequence(retry=True, failover=True),
    ErrorKind.THROTTLED: _Consequence(retry=True, failover=True),
    ErrorKind.INVALID_NUMBER: _Consequence(suppress=True),
    ErrorKind.OPTED_OUT: _Consequence(suppress=True),
    ErrorKind.BLOCKED: _Consequence(),
    ErrorKind.NO_CREDIT: _Consequence(retry=True, account=True, failover=True),
    ErrorKind.SENDER_CONFIG: _Consequence(retry=True, account=True, failover=True),
    ErrorKind.REJECTED: _Consequence(),
    ErrorKind.UNKNOWN: _Consequence(),
}
