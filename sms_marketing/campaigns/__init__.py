"""Campaigns: one text to one audience, from draft to the last message.

The door of the room. A launch turns the audience into message rows, one for every
member; sending them is the business of the room below.
"""

from __future__ import annotations

from sms_marketing.campaigns.audience import (
    AudienceCounts,
    audience,
    funnel_counts,
    sample_recipients,
)
from sms_marketing.campaigns.checks import check
from sms_marketing.campaigns.launch import (
    Miscount,
    launch,
    launch_due,
    resume_launches,
    run_launch,
)
from sms_marketing.campaigns.lifecycle import (
    MOVES,
    cancel,
    finish_ready,
    move,
    pause,
    resume,
)
from sms_marketing.campaigns.planning import duplicate, schedule, unschedule
from sms_marketing.campaigns.preview import Preview, preview, preview_samples
from sms_marketing.campaigns.problems import Problem, Severity
from sms_marketing.campaigns.progress import Progress, progress
from sms_marketing.campaigns.trial import send_test

__all__ = [
    "MOVES",
    "AudienceCounts",
    "Miscount",
    "Preview",
    "Problem",
    "Progress",
    "Severity",
    "audience",
    "cancel",
    "check",
    "duplicate",
    "finish_ready",
    "funnel_counts",
    "launch",
    "launch_due",
    "move",
    "pause",
    "preview",
    "preview_samples",
    "progress",
    "resume",
    "resume_launches",
    "run_launch",
    "sample_recipients",
    "schedule",
    "send_test",
    "unschedule",
]
