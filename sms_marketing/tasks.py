"""What background workers call: each task is one line into a room.

Tasks carry no state. Each may run twice, at once, or not at all: the tick finds what
was left (DESIGN: django-q2 carries nudges).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from sms_marketing import (
    campaigns,
    contacts,
    conversations,
    journeys,
    reports,
    sending,
)
from sms_marketing.conf import settings
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import cause_of

logger = logging.getLogger(__name__)

#: Pause between two looks of a long tick, in seconds.
TICK_PAUSE = 0.5
#: An order's own task credits that order, not all of the last hours: on a busy day
#: thousands of orders an hour would each go through all the others.
JUST_NOW = timedelta(minutes=1)


def tick() -> None:
    """Look for everything that is due; called each minute by the schedule."""
    until = time.monotonic() + settings().TICK_SECONDS
    look_once()
    # Once a tick is enough: it goes through all purchases of the last hours.
    for step in (reports.attribute_new, contacts.seal_hourly):
        _run(step)
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
        _run(step)
    if sending.has_due():
        nudge("dispatch")


def dispatch(lane: str = "all") -> None:
    """Send what is due for a time slice, then hand over to a fresh task."""
    sending.dispatch(lane=lane)
    if sending.has_due(lane=lane):
        nudge("dispatch", lane)


def launch(campaign_id: int) -> None:
    """Write the rows of a campaign for a time slice, then hand over."""
    if not campaigns.run_launch(campaign_id):
        nudge("launch", campaign_id)


def process_events() -> None:
    """Let journeys look at new events, and take the steps that are due at once."""
    journeys.process_events()
    journeys.run_due()
    reports.attribute_new(within=JUST_NOW)


def process_inbound() -> None:
    """Answer and file what people wrote."""
    conversations.process_inbound()


def fold_receipts() -> None:
    """Apply the receipts that came in."""
    sending.fold_receipts()


def _run(step: Callable[[], object]) -> None:
    # One room's fault must not hold up the others until the next tick (R6).
    try:
        step()
    except Exception as error:  # noqa: BLE001
        logger.error("tick: %s failed: %s", step.__module__, cause_of(error))
