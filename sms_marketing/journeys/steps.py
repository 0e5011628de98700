"""The way along a journey's steps: waits add up, sends are where it stops."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import md5

from sms_marketing.models import Step, Variant

#: "Before the first step".
START = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The next step that does something, and when; no step: the end."""

    step: Step | None
    due_at: datetime


def next_stop(steps: Iterable[Step], *, after: int, at: datetime) -> Stop:
    """Go on behind a position from an instant, over all waits, to the next send."""
    for step in steps:
        if step.position <= after:
            continue
        if step.kind == Step.Kind.SEND:
            return Stop(step=step, due_at=at)
        at += timedelta(seconds=step.wait_seconds)
    return Stop(step=None, due_at=at)


def total_wait(steps: Iterable[Step]) -> timedelta:
    """All waits of a journey together."""
    waits = (step.wait_seconds for step in steps if step.kind == Step.Kind.WAIT)
    return timedelta(seconds=sum(waits))


def choose_variant(
    variants: Sequence[Variant], *, step_id: int, contact_id: int
) -> Variant:
    """The variant that a contact gets at a step, by weight: the same every time."""
    total = sum(variant.weight for variant in variants)
    digest = md5(f"step {step_id}:{contact_id}".encode(), usedforsecurity=False)
    point = int(digest.hexdigest()[:8], 16) * total >> 32
    for variant in variants:
        point -= variant.weight
        if point < 0:
            return variant
    return variants[0]


def once_key(enrollment_id: int, step_id: int, round_: int) -> str:
    """What makes a step's message happen once for each round of an enrollment (R2)."""
    return f"enrollment:{enrollment_id}:step:{step_id}:round:{round_}"
