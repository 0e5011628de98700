"""Whether a refused message is tried again, and when."""

from __future__ import annotations

from datetime import timedelta

from sms_marketing.conf import settings
from sms_marketing.providers import ErrorKind, SendResult

LONGEST_WAIT = timedelta(hours=1)


def next_try(result: SendResult, *, attempt: int) -> timedelta | None:
    """How long a refused message waits for its next attempt; None: it has failed.

    The kind decides, never a vendor's code. "Too many at once" says nothing about the
    message, so it may be heard any number of times, until the message expires.
    """
    kind = result.error_kind
    if kind is None or not kind.is_retryable:
        return None
    if kind != ErrorKind.THROTTLED and attempt >= settings().MAX_ATTEMPTS:
        return None
    asked = timedelta(seconds=result.retry_after or 0)
    if kind == ErrorKind.THROTTLED:
        return min(max(asked, timedelta(seconds=1)), LONGEST_WAIT)
    # 2 ** 12 times the shortest wait is beyond the longest.
    doublings = 1 << min(attempt - 1, 12)
    wait = timedelta(seconds=settings().BACKOFF_SECONDS * doublings)
    return min(max(asked, wait), LONGEST_WAIT)
