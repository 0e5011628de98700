"""Every error that this package raises on purpose.

SmsMarketingError
├── ConfigurationError      a setting is wrong: which, and what to write instead
├── InvalidPhone            no number that can receive an SMS
├── InvalidRule             a rule tree is wrong; carries the path of the fault
├── InvalidBody             a message text cannot be used; says where and why
├── MissingField            a merge field has no value and no fallback
├── InvalidTransition       the life cycle has no such move, or a race was lost
├── NotSendable             this message or campaign may not be sent; carries the reason
├── StopLease               a worker lost its batch to another one
└── ProviderError           a vendor refused or could not be reached; see its kind

Messages never hold a phone number, a text, a code or a credential (R10).
"""

from __future__ import annotations

import traceback

#: Places of a traceback that the log names, the innermost last.
PLACES = 6


class SmsMarketingError(Exception):
    """The root: catch this to catch everything of ours."""


class ConfigurationError(SmsMarketingError):
    """A setting is missing or wrong."""


class InvalidPhone(SmsMarketingError):
    """The text is not a phone number that can receive an SMS."""


class InvalidRule(SmsMarketingError):
    """A rule tree is wrong; ``path`` points at the fault, as in ``all[1].not``."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path or 'rules'}: {reason}")


class InvalidBody(SmsMarketingError):
    """A message text that cannot be rendered or sent; the reason is for people."""


class MissingField(SmsMarketingError):
    """A merge field has no value and no fallback for this contact."""

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"no value for {field}")


class InvalidTransition(SmsMarketingError):
    """The life cycle has no such move, or somebody else moved first."""


class NotSendable(SmsMarketingError):
    """This may not be sent; ``reason`` is for the person who tried."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class StopLease(SmsMarketingError):
    """The batch belongs to another worker now: drop the rest of it."""


class ProviderError(SmsMarketingError):
    """A vendor refused, failed, or could not be reached."""

    def __init__(
        self, kind: str, detail: str = "", *, retry_after: float | None = None
    ) -> None:
        self.kind = kind
        self.detail = detail
        self.retry_after = retry_after
        super().__init__(f"{kind}: {detail}" if detail else kind)


def cause_of(error: BaseException) -> str:
    """Say for the log what failed and where, and nothing else (R10).

    Messages of others may quote a row, as PostgreSQL's "Key (phone)=(+371…) already
    exists"; ours never do.
    """
    if isinstance(error, SmsMarketingError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)[-PLACES:]
    places = " > ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
    return f"{type(error).__name__} at {places}" if places else type(error).__name__
