"""Events start, restart and end enrollments: one look at a batch, a few statements."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import OperationalError, router, transaction
from django.db.models import Q

from sms_marketing.conf import settings
from sms_marketing.core.db import database_now, repeated_after_deadlock
from sms_marketing.events import merge_context
from sms_marketing.journeys import exits, runner
from sms_marketing.journeys.steps import START, next_stop
from sms_marketing.models import (
    Contact,
    Enrollment,
    EnrollmentStatus,
    Event,
    Journey,
    JourneyStatus,
)

logger = logging.getLogger(__name__)

#: Events in one transaction: short enough that an order's message does not wait.
BATCH = 200
#: Older news starts no journey: nobody is thanked for last month's order because
#: somebody edited it today, or the first import brought it.
FRESH = timedelta(days=3)
#: How often another worker may be faster before the work is left to it.
MAX_RACES = 3

Place = tuple[int, int, str]


class _LostRaceError(Exception):
    """Another worker took an event of this batch."""


@dataclass(slots=True, kw_only=True)
class _Roll:
    """What a batch does: enrollments it may touch, and those it has touched."""

    now: datetime
    journeys: Sequence[Journey]
    living: Collection[int]
    known: dict[Place, Enrollment]
    exits: Sequence[Event]
    entered: dict[Place, Enrollment] = field(default_factory=dict)
    restarted: dict[Place, Enrollment] = field(default_factory=dict)
    left: dict[Place, tuple[Enrollment, str]] = field(default_factory=dict)


def process_events(limit: int = 1000) -> int:
    """Let journeys look at new events, oldest first; return how many were looked at.

    Two workers at once never double: whoever marks a batch as processed acts on it, in
    the same transaction. Steps without a wait are taken before it returns.
    """
    using = router.db_for_write(Event)
    done = races = 0
    while done < limit and races < MAX_RACES:
        ids = _unprocessed(min(BATCH, limit - done), using)
        if not ids:
            break
        try:
            entered = _process_together(ids, using)
        except _LostRaceError:
            races += 1
            continue
        runner.run(entered)
        done += len(ids)
    return done


def _unprocessed(limit: int, using: str) -> list[int]:
    rows = Event.objects.using(using).filter(processed_at__isnull=True)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:limit])


def _process_together(ids: Sequence[int], using: str) -> list[int]:
    try:
        return _process(ids, using)
    except (_LostRaceError, OperationalError):
        raise
    except Exception as error:  # noqa: BLE001  (R6: the others go on, one by one)
        logger.warning("events %s-%s: %s", ids[0], ids[-1], type(error).__name__)
    entered: list[int] = []
    for pk in ids:
        entered += _process_alone(pk, using)
    return entered


def _process_alone(pk: int, using: str) -> list[int]:
    try:
        return _process([pk], using)
    except OperationalError:
        raise  # the database's trouble, not the event's: it stays for the next look
    except _LostRaceError:
        return []
    except Exception as error:  # noqa: BLE001  (R6)
        logger.error("event %s reached no journey: %s", pk, type(error).__name__)
        row = Event.objects.using(using).filter(pk=pk)
        row.update(processed_at=database_now(using))
        return []


@repeated_after_deadlock(Event)
def _process(ids: Sequence[int], using: str) -> list[int]:
    """Act on events in one transaction; return the enrollments to be run now."""
    with transaction.atomic(using=using):
        now = database_now(using)
        rows = Event.objects.using(using).filter(pk__in=ids)
        # First of all: it locks the rows, and a worker who comes second finds fewer.
        taken = rows.filter(processed_at__isnull=True).update(processed_at=now)
        if taken != len(ids):
            raise _LostRaceError
        events = list(rows.order_by("occurred_at", "pk"))
        roll = _read(events, now, using)
        for event in events:
            _look_at(event, roll)
        return _write(roll, using)


def _read(events: Sequence[Event], now: datetime, using: str) -> _Roll:
    journeys = _journeys_of(events, using)
    contact_ids = {event.contact_id for event in events if event.contact_id}
    if not journeys or not contact_ids:
        return _Roll(now=now, journeys=(), living=(), known={}, exits=())
    living = Contact.objects.using(using).filter(
        pk__in=contact_ids, erased_at__isnull=True
    )
    return _Roll(
        now=now,
        journeys=journeys,
        living=set(living.values_list("pk", flat=True)),
        known=_known(events, journeys, now, using),
        exits=_exits_since(events, journeys, using),
    )


def _journeys_of(events: Sequence[Event], using: str) -> list[Journey]:
    names = {event.name for event in events}
    journeys = Journey.objects.using(using).exclude(status=JourneyStatus.DRAFT)
    return [
        journey
        for journey in journeys.prefetch_related("steps")
        if journey.trigger_event in names or names & set(journey.exit_events)
    ]


def _known(
    events: Sequence[Event], journeys: Sequence[Journey], now: datetime, using: str
) -> dict[Place, Enrollment]:
    # Those just completed too: what they queued for the morning can be taken back.
    recent = now - timedelta(hours=settings().EXPIRY_HOURS)
    rows = Enrollment.objects.using(using).filter(
        Q(status=EnrollmentStatus.ACTIVE)
        | Q(key__in={_key(event) for event in events})
        | Q(status=EnrollmentStatus.COMPLETED, ended_at__gte=recent),
        journey__in=journeys,
        contact__in={event.contact_id for event in events if event.contact_id},
    )
    by_id = {journey.pk: journey for journey in journeys}
    known: dict[Place, Enrollment] = {}
    for row in rows:
        row.journey = by_id[row.journey_id]
        known[row.journey_id, row.contact_id, row.key] = row
    return known


def _exits_since(
    events: Sequence[Event], journeys: Sequence[Journey], using: str
) -> list[Event]:
    """Exit events of these contacts, processed or not, since the first of the batch."""
    names = {name for journey in journeys for name in journey.exit_events}
    if not names:
        return []
    rows = Event.objects.using(using).filter(
        name__in=names,
        contact__in={event.contact_id for event in events if event.contact_id},
        occurred_at__gte=events[0].occurred_at,
    )
    return list(rows)


def _look_at(event: Event, roll: _Roll) -> None:
    if event.contact_id not in roll.living:
        return
    for journey in roll.journeys:
        if event.name in journey.exit_events:
            _leave(journey, event, roll)
        if _starts(journey, event, roll):
            _enter(journey, event, roll)


def _leave(journey: Journey, event: Event, roll: _Roll) -> None:
    for place, enrollment in roll.known.items():
        if place[:2] == (journey.pk, event.contact_id) and _ends(event, enrollment):
            roll.left[place] = (enrollment, event.name)
            roll.restarted.pop(place, None)


def _ends(event: Event, enrollment: Enrollment) -> bool:
    # A canceled order ends its own enrollment; an order ends whatever cart there is.
    if event.object_label and event.object_label == enrollment.object_label:
        return event.object_id == enrollment.object_id
    return True


def _starts(journey: Journey, event: Event, roll: _Roll) -> bool:
    return (
        journey.status == JourneyStatus.LIVE
        and event.name == journey.trigger_event
        and all(
            event.properties.get(name) == value
            for name, value in journey.conditions.items()
        )
        and event.occurred_at >= roll.now - FRESH
        and not any(_is_ended_by(other, journey, event) for other in roll.exits)
    )


def _is_ended_by(other: Event, journey: Journey, event: Event) -> bool:
    """The contact has left already by something that happened after this event."""
    later = (other.occurred_at, other.pk) > (event.occurred_at, event.pk)
    if not later or other.contact_id != event.contact_id:
        return False
    place = Enrollment(object_label=event.object_label, object_id=event.object_id)
    return other.name in journey.exit_events and _ends(other, place)


def _enter(journey: Journey, event: Event, roll: _Roll) -> None:
    contact_id = event.contact_id
    assert contact_id is not None  # nobody is not among the living
    place = (journey.pk, contact_id, _key(event))
    known = roll.entered.get(place) or roll.known.get(place)
    if known is None:
        enrollment = Enrollment(
            journey=journey,
            contact_id=contact_id,
            key=_key(event),
            object_label=event.object_label,
            object_id=event.object_id,
        )
        _begin(enrollment, event, roll)
        roll.entered[place] = enrollment
    elif journey.restarts and known.status != EnrollmentStatus.COMPLETED:
        # The wait begins again, the round does not: one reminder for one cart.
        _begin(known, event, roll)
        roll.left.pop(place, None)
        if place not in roll.entered:
            roll.restarted[place] = known


def _begin(enrollment: Enrollment, event: Event, roll: _Roll) -> None:
    steps = enrollment.journey.steps.all()
    stop = next_stop(steps, after=START, at=event.occurred_at)
    if stop.due_at == event.occurred_at:
        # No wait: at once, also if the host's clock is ahead of the database's.
        stop = next_stop(steps, after=START, at=roll.now)
    enrollment.context = merge_context(event)
    enrollment.entered_at = roll.now
    enrollment.exit_reason = ""
    if stop.step is None:
        enrollment.status = EnrollmentStatus.COMPLETED
        enrollment.due_at, enrollment.ended_at = None, roll.now
    else:
        enrollment.status = EnrollmentStatus.ACTIVE
        enrollment.position = stop.step.position
        enrollment.due_at, enrollment.ended_at = stop.due_at, None


def _write(roll: _Roll, using: str) -> list[int]:
    for reason in sorted({reason for _row, reason in roll.left.values()}):
        rows = [row for row, why in roll.left.values() if why == reason]
        exits.end(rows, reason=reason, at=roll.now, using=using)
    Enrollment.objects.using(using).bulk_create(roll.entered.values())
    for row in roll.restarted.values():
        row.save(using=using, update_fields=_CHANGED)
    touched = [*roll.entered.values(), *roll.restarted.values()]
    # MySQL gives no keys back; there the runner finds them a moment later.
    due = [row for row in touched if row.due_at and row.due_at <= roll.now]
    return [row.pk for row in due if row.pk]


def _key(event: Event) -> str:
    if event.object_label and event.object_id:
        return f"{event.object_label}:{event.object_id}"
    return f"event:{event.pk}"


_CHANGED: Collection[Any] = (
    "context",
    "entered_at",
    "exit_reason",
    "status",
    "position",
    "due_at",
    "ended_at",
)
