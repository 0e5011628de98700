"""Journeys: what an event starts, what comes after a wait, and what ends it.

The door of the room; importing it also listens to opt-outs.
"""

from __future__ import annotations

from sms_marketing.journeys.enrollment import process_events
from sms_marketing.journeys.lifecycle import activate, pause, problems
from sms_marketing.journeys.ready_made import ensure_ready_made
from sms_marketing.journeys.receivers import leave_marketing
from sms_marketing.journeys.runner import run_due

__all__ = [
    "activate",
    "ensure_ready_made",
    "leave_marketing",
    "pause",
    "problems",
    "process_events",
    "run_due",
]
