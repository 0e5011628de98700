"""Events: written once for each key, then told to journeys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import IntegrityError, router, transaction

from sms_marketing import contacts, signals
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.core.queue import nudge
from sms_marketing.models import Contact, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDraft:
    """An event before it is known whether it is new; without a key it always is."""

    name: str
    contact: Contact | None
    properties: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    object_label: str = ""
    object_id: str = ""
    occurred_at: datetime | None = None


def track(
    contact: Contact | None,
    name: str,
    properties: Mapping[str, Any] | None = None,
    *,
    key: str | None = None,
    object_label: str = "",
    object_id: str = "",
    occurred_at: datetime | None = None,
) -> Event | None:
    """Record that a contact did something; None when the key was there already.

    Properties are JSON values. Journeys look at it as soon as this transaction has
    committed.
    """
    draft = EventDraft(
        name=name,
        contact=contact,
        properties=properties or {},
        key=key,
        object_label=object_label,
        object_id=object_id,
        occurred_at=occurred_at,
    )
    return record_event(draft)


def record_event(draft: EventDraft, *, starts_journeys: bool = True) -> Event | None:
    """Write a draft unless its key is taken.

    History that is filled in later (``starts_journeys=False``) is seen by segments and
    reports only: no signal, no journey.
    """
    using = router.db_for_write(Event)
    event = _insert(draft, using=using, is_processed=not starts_journeys)
    if event is not None and starts_journeys:
        contacts.announce(signals.event_tracked, using=using, sender=Event, event=event)
        nudge("process_events", using=using)
    return event


@repeated_after_deadlock(Event)
def _insert(draft: EventDraft, *, using: str, is_processed: bool) -> Event | None:
    now = clock.now()
    event = Event(
        contact=draft.contact,
        name=draft.name,
        properties=dict(draft.properties),
        key=draft.key,
        object_label=draft.object_label,
        object_id=draft.object_id,
        occurred_at=draft.occurred_at or now,
        recorded_at=now,
        processed_at=now if is_processed else None,
    )
    # Looked up first: PostgreSQL writes every refused INSERT into its log.
    if _is_known(draft.key, using):
        return None
    try:
        with transaction.atomic(using=using):
            event.save(using=using, force_insert=True)
    except IntegrityError:
        # Another worker was a moment faster; any other fault is the caller's.
        if not _is_known(draft.key, using):
            raise
        return None
    return event


def _is_known(key: str | None, using: str) -> bool:
    return key is not None and Event.objects.using(using).filter(key=key).exists()
