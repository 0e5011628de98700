"""What one run of the pipeline did."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field

from sms_marketing.models import MessageStatus


@dataclass(slots=True, kw_only=True)
class DispatchReport:
    """Counts of messages; one that is tried twice is counted twice."""

    claimed: int = 0
    sent: int = 0
    unconfirmed: int = 0
    #: Put back: outside the hours, to be tried again, or not reached in time.
    deferred: int = 0
    #: Left out, expired or canceled.
    skipped: int = 0
    failed: int = 0
    _lock: threading.Lock = field(
        default_factory=threading.Lock, repr=False, compare=False
    )

    def count(self, statuses: Iterable[str]) -> None:
        """Add messages by the status that they were given."""
        with self._lock:
            for status in statuses:
                name = _COUNTED_AS[MessageStatus(status)]
                setattr(self, name, getattr(self, name) + 1)


_COUNTED_AS = {
    MessageStatus.SENT: "sent",
    MessageStatus.UNCONFIRMED: "unconfirmed",
    MessageStatus.QUEUED: "deferred",
    MessageStatus.SKIPPED: "skipped",
    MessageStatus.EXPIRED: "skipped",
    MessageStatus.CANCELED: "skipped",
    MessageStatus.FAILED: "failed",
}
