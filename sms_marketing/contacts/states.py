"""The ledger folded to what is in force now, kept as rows so that sets can ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import router, transaction

from sms_marketing.models import (
    Brand,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
    Contact,
)

#: How a person acts for themself. What others write (an import, an API, staff) never
#: takes back a withdrawal (R11).
OWN_ACTS = frozenset(
    {
        ConsentMethod.WEB_FORM,
        ConsentMethod.KEYWORD,
        ConsentMethod.LINK,
        ConsentMethod.PAPER,
        ConsentMethod.VERBAL,
    }
)

#: (channel, topic); the topic "" is marketing as a whole.
StateKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is in force, and since which act."""

    status: str
    since: datetime


def fold(records: Iterable[ConsentRecord]) -> dict[StateKey, State]:
    """Return what one chain says, read in its order.

    - A withdrawal without a topic closes every topic and every channel.
    - Consent without a topic opens again what such a withdrawal closed, on its channel,
      but no topic that was left by its own name.
    - Consent that somebody else wrote down never overrides a withdrawal (R11).
    - "Unknown" (the number was given up) takes back consent, never a withdrawal.
    """
    states: dict[StateKey, State] = {}
    swept: set[StateKey] = set()
    for record in records:
        _apply(record, states, swept)
    return states


def write_states(
    contact: Contact, brand_id: int, states: dict[StateKey, State], *, using: str
) -> None:
    """Make the rows of a contact and brand equal to a fold."""
    rows = ConsentState.objects.using(using).filter(contact=contact, brand_id=brand_id)
    there = {(row.channel, row.topic): row for row in rows}
    gone = [row.pk for key, row in there.items() if key not in states]
    if gone:
        rows.filter(pk__in=gone).delete()
    fresh = []
    for (channel, topic), state in states.items():
        row = there.get((channel, topic)) or ConsentState(
            contact=contact, brand_id=brand_id, channel=channel, topic=topic
        )
        if (row.status, row.since) == (state.status, state.since):
            continue
        row.status, row.since = state.status, state.since
        if row.pk:
            row.save(using=using, update_fields=["status", "since"])
        else:
            fresh.append(row)
    ConsentState.objects.using(using).bulk_create(fresh)


def rebuild(contact: Contact) -> None:
    """Read the ledger of a contact's number again and write what it says.

    For a number that a row has just got, and to repair states; idempotent.
    """
    using = router.db_for_write(ConsentState)
    brand_ids = list(Brand.objects.using(using).values_list("pk", flat=True))
    chains: dict[int, list[ConsentRecord]] = {brand_id: [] for brand_id in brand_ids}
    # The brands are named because the index of the chains begins with them. Locked, so
    # that all take contact, chain and suppressions in this order.
    records = ConsentRecord.objects.using(using).filter(
        brand_id__in=brand_ids, phone_hash=contact.phone_hash
    )
    with transaction.atomic(using=using):
        locked = records.order_by("sequence").select_for_update()
        for record in locked if contact.phone_hash else ():
            chains[record.brand_id].append(record)
        ConsentState.objects.using(using).filter(
            contact=contact, brand_id__in=[pk for pk in brand_ids if not chains[pk]]
        ).delete()
        for brand_id, chain in chains.items():
            if chain:
                write_states(contact, brand_id, fold(chain), using=using)


def _apply(
    record: ConsentRecord, states: dict[StateKey, State], swept: set[StateKey]
) -> None:
    key = (record.channel, record.topic)
    if record.status == ConsentStatus.UNKNOWN:
        _forget(states)
    elif record.status == ConsentStatus.OPTED_OUT:
        _withdraw(key, record.occurred_at, states, swept)
    elif record.status == ConsentStatus.PENDING:
        if not _is(states.get(key), ConsentStatus.OPTED_IN):
            _set(key, record, states, swept)
    elif record.method in OWN_ACTS or not _was_withdrawn(key, states):
        _set(key, record, states, swept)
        if not record.topic:
            _reopen(record.channel, states, swept)


def _set(
    key: StateKey,
    record: ConsentRecord,
    states: dict[StateKey, State],
    swept: set[StateKey],
) -> None:
    swept.discard(key)
    if not _is(states.get(key), record.status):
        states[key] = State(status=record.status, since=record.occurred_at)


def _withdraw(
    key: StateKey,
    at: datetime,
    states: dict[StateKey, State],
    swept: set[StateKey],
) -> None:
    closed = State(status=ConsentStatus.OPTED_OUT, since=at)
    swept.discard(key)
    if not _is(states.get(key), ConsentStatus.OPTED_OUT):
        states[key] = closed
    if key[1]:
        return
    for other, state in states.items():
        if state.status != ConsentStatus.OPTED_OUT:
            states[other] = closed
            swept.add(other)


def _reopen(channel: str, states: dict[StateKey, State], swept: set[StateKey]) -> None:
    for key in [key for key in swept if key[0] == channel]:
        swept.discard(key)
        del states[key]


def _forget(states: dict[StateKey, State]) -> None:
    for key, state in list(states.items()):
        if state.status != ConsentStatus.OPTED_OUT:
            del states[key]


def _was_withdrawn(key: StateKey, states: dict[StateKey, State]) -> bool:
    if key in states:
        return _is(states[key], ConsentStatus.OPTED_OUT)
    return any(
        _is(state, ConsentStatus.OPTED_OUT)
        for (_channel, topic), state in states.items()
        if not topic
    )


def _is(state: State | None, status: str) -> bool:
    return state is not None and state.status == status
