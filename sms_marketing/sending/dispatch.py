"""Sends what is due: the one pipeline through which every message leaves.

A crew of threads for each provider makes the requests and knows no database. While
they do, the next batch is claimed and judged, and the outcomes are written together
every ``FLUSH_SECONDS``: beside the hand-over, once there is much to send.
"""

from __future__ import annotations

from sms_marketing.conf import settings
from sms_marketing.sending.report import DispatchReport
from sms_marketing.sending.worker import Worker


def dispatch(*, seconds: float | None = None, lane: str = "all") -> DispatchReport:
    """Send what is due until nothing is, or the time is over; returns what it did.

    Lane "direct" leaves campaigns alone. Any number may run at once, on any number of
    machines. What it has in hand when the time is over is finished or put back.
    """
    limit = settings().DISPATCH_SECONDS if seconds is None else seconds
    worker = Worker(seconds=limit, lane=lane)
    try:
        while worker.has_work:
            worker.collect()
            worker.release()
            worker.claim()
            worker.rest()
    finally:
        worker.leave()
    return worker.report
