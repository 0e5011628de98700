"""What background workers call: each task is one line into a room.

Tasks carry no state. Each may run twice, at once, or not at all: the tick finds what
was left (DESIGN: django-q2 carries nudges).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import ParamSpec

from sms_marketing import (
    campaigns,
    contacts,
    conversations,
    events,
    journeys,
    reports,
    sending,
)
from sms_marketing.conf import settings
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import cause_of

logger = logging.getLogger(__name__)

P = ParamSpec("P")

#: Pause between two looks of a long tick, in seconds.
TICK_PAUSE = 0.5
#: An order's own task credits that order, not all of the last hours: on a busy day
#: thousands of orders an hour would each go through all the others.
JUST_NOW = timedelta(minutes=1)


def _logged(work: Callable[P, object]) -> Callable[P, None]:
    # One room's fault must not hold up the others (R6), nor leave a traceback, with
    # whatever row the error quotes, in the queue's tables and log (R10). Nothing is
    # lost: the tick finds the work again.
    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            work(*args, **kwargs)
        except Exception as error:  # noqa: BLE001
            logger.error("%s failed: %s", work.__qualname__, cause_of(error))

    return run


def tick() -> None:
    """Look for everything that is due; called each minute by the schedule."""
    until = time.monotonic() + settings().TICK_SECONDS
    look_once()
    # Once a tick is enough: it goes through all purchases of the last hours.
    _logged(reports.attribute_new)()
    _logged(contacts.seal_hourly)()
    while time.monotonic() + TICK_PAUSE < until:
        time.sleep(TICK_PAUSE)
        look_once()


def look_once() -> None:
    """One round of all that may be due, in the order in which it causes more work."""
    for step in (
        sending.recover,
        conversations.process_inbound,
        sending.fold_receipts,
        journeys.process_events,
        journeys.run_due,
        campaigns.launch_due,
        campaigns.resume_launches,
        campaigns.finish_ready,
    ):
        _logged(step)()
    if sending.has_due():
        nudge("dispatch")


@_logged
def dispatch(lane: str = "all") -> None:
    """Send what is due for a time slice, then hand over to a fresh task."""
    sending.dispatch(lane=lane)
    if sending.has_due(lane=lane):
        nudge("dispatch", lane)


@_logged
def launch(campaign_id: int) -> None:
    """Write the rows of a campaign for a time slice, then hand over."""
    if not campaigns.run_launch(campaign_id):
        nudge("launch", campaign_id)


@_logged
def record(label: str, pk: str, using: str) -> None:
    """Record a host's object whose saving met a database too busy to tell of it."""
    events.record_by_key(label, pk, using)


@_logged
def process_events() -> None:
    """Let journeys look at new events, and take the steps that are due at once."""
    journeys.process_events()
    journeys.run_due()
    reports.attribute_new(within=JUST_NOW)


@_logged
def process_inbound() -> None:
    """Answer and file what people wrote."""
    conversations.process_inbound()


@_logged
def fold_receipts() -> None:
    """Apply the receipts that came in."""
    sending.fold_receipts()
