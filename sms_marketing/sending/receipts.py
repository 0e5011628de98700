"""Keeps the carriers' news at once, and applies it to the messages afterwards."""

from __future__ import annotations

import logging
import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connections, router, transaction
from django.db.models import QuerySet

from sms_marketing import signals
from sms_marketing.core.db import (
    DatabaseNow,
    database_now,
    repeated_after_deadlock,
    update_rows,
)
from sms_marketing.models import Brand, Message, ReceiptRecord, Sender
from sms_marketing.providers import Receipt
from sms_marketing.sending.folding import Effect, News, State, fold
from sms_marketing.sending.restate import restate
from sms_marketing.sending.suppressing import suppress_refused
from sms_marketing.sending.vendor_values import clip, sane_parts, sane_price

logger = logging.getLogger(__name__)

#: A receipt whose message is not found in this time has none.
ORPHANED_AFTER = timedelta(hours=24)
SHORTEST_RETRY = timedelta(seconds=1)
LONGEST_RETRY = timedelta(hours=1)

_REFERENCE = re.compile(r"([0-9]{1,18})-([0-9]{1,5})")
_STATE = (
    "provider_message_id",
    "error_kind",
    "error_code",
    "part_count",
    "price",
    "currency",
    "sent_at",
    "delivered_at",
)


def store_receipts(provider_alias: str, receipts: Sequence[Receipt]) -> int:
    """Keep receipts as they came, with one statement; returns how many (R7)."""
    records = [
        ReceiptRecord(
            provider=provider_alias,
            reference=clip(receipt.reference, 64),
            provider_message_id=clip(receipt.provider_message_id, 128),
            status=receipt.status,
            error_kind=receipt.error_kind or "",
            error_code=clip(receipt.error_code, 64),
            part_count=sane_parts(receipt.part_count),
            price=sane_price(receipt.price),
            currency=clip(receipt.currency, 3),
            occurred_at=receipt.occurred_at,
            received_at=DatabaseNow(),
            retry_at=DatabaseNow(),
        )
        for receipt in receipts
    ]
    using = router.db_for_write(ReceiptRecord)
    return len(ReceiptRecord.objects.using(using).bulk_create(records))


def fold_receipts(limit: int = 5000) -> int:
    """Apply what was kept, oldest first; returns how many receipts were settled.

    A constant number of statements. Receipts may come in any order, any number of
    times, before the outcome they belong to is written, and to two workers at once.
    """
    folding = _fold(limit)
    folding.announce()
    return folding.settled


@repeated_after_deadlock(ReceiptRecord)
def _fold(limit: int) -> _Folding:
    using = router.db_for_write(ReceiptRecord)
    with transaction.atomic(using=using):
        folding = _Folding(_pending(using, limit), using=using, now=database_now(using))
        folding.apply()
        folding.settle()
    return folding


class _Kept(NamedTuple):
    pk: int
    provider: str
    reference: str
    provider_message_id: str
    status: str
    error_kind: str
    error_code: str
    part_count: int | None
    price: Decimal | None
    currency: str
    occurred_at: datetime | None
    received_at: datetime


class _Known(NamedTuple):
    pk: int
    status: str
    attempt: int
    provider_message_id: str | None
    error_kind: str
    error_code: str
    part_count: int | None
    price: Decimal | None
    currency: str
    sent_at: datetime | None
    delivered_at: datetime | None
    to_phone: str
    brand: int
    sender: int
    sender__provider: str

    def state(self) -> State:
        values = {name: getattr(self, name) for name in _STATE}
        return State(status=self.status, attempt=self.attempt, **values)


class _Folding:
    """One pass over some receipts, within one transaction."""

    def __init__(self, kept: list[_Kept], *, using: str, now: datetime) -> None:
        self.settled = 0
        self._kept, self._using, self._now = kept, using, now
        self._messages = _messages_of(kept, using)
        self._states = {pk: known.state() for pk, known in self._messages.items()}
        self._later: list[_Kept] = []
        self._done: dict[int, list[int]] = defaultdict(list)
        self._refusals: dict[int, str] = {}
        self._by_vendor_id = {
            (known.sender__provider, known.provider_message_id): pk
            for pk, known in self._messages.items()
            if known.provider_message_id
        }

    def apply(self) -> None:
        """Fold each receipt into its message, then write those that changed."""
        for kept in self._kept:
            self._fold(kept)
        changed = [
            pk
            for pk, state in self._states.items()
            if state != self._messages[pk].state()
        ]
        written = update_rows(
            Message,
            [self._values(pk) for pk in changed],
            keys=("id", "attempt", "status"),
            sets=("status", *_STATE),
            using=self._using,
        )
        # Somebody else wrote there meanwhile: its receipts are looked at once more.
        for pk in set(changed) - written:
            lost = set(self._done.pop(pk))
            self._later.extend(kept for kept in self._kept if kept.pk in lost)
            del self._states[pk]
        self._changed = written

    def settle(self) -> None:
        """Mark the receipts: applied, to be looked at later, or nobody's."""
        done = [pk for pks in self._done.values() for pk in pks]
        orphans = [k.pk for k in self._later if self._age(k) >= ORPHANED_AFTER]
        records = ReceiptRecord.objects.using(self._using)
        for pks, state in (
            (done, ReceiptRecord.State.APPLIED),
            (orphans, ReceiptRecord.State.ORPHAN),
        ):
            for start in range(0, len(pks), 10_000):
                records.filter(pk__in=pks[start : start + 10_000]).update(state=state)
        update_rows(
            ReceiptRecord,
            [
                (kept.pk, self._now + self._next_wait(kept))
                for kept in self._later
                if self._age(kept) < ORPHANED_AFTER
            ],
            keys=("id",),
            sets=("retry_at",),
            using=self._using,
        )
        for pk, kind in self._refusals.items():
            if pk in self._changed:
                self._suppress(pk, kind)
        self.settled = len(done) + len(orphans)

    def announce(self) -> None:
        """Tell the site, once for each status; complete what a dead worker left out."""
        by_status: dict[str, list[int]] = defaultdict(list)
        unwritten = []
        for pk in sorted(self._changed):
            before, after = self._messages[pk], self._states[pk]
            if after.status != before.status:
                by_status[after.status].append(pk)
                if before.part_count is None:
                    unwritten.append(pk)
        if unwritten:
            restate(unwritten)
        for status, pks in by_status.items():
            signals.receipts_applied.send_robust(
                sender=Message, message_ids=pks, status=status
            )

    def _fold(self, kept: _Kept) -> None:
        pk, attempt = self._address(kept)
        state = self._states.get(pk)
        if state is None:
            self._later.append(kept)
            return
        before = state.status
        effect = fold(state, _news(kept, attempt))
        if effect is Effect.LATER:
            self._later.append(kept)
            return
        self._done[pk].append(kept.pk)
        if state.status != before and kept.error_kind:
            self._refusals[pk] = kept.error_kind

    def _address(self, kept: _Kept) -> tuple[int, int | None]:
        found = _REFERENCE.fullmatch(kept.reference)
        if found:
            return int(found[1]), int(found[2])
        vendor_id = (kept.provider, kept.provider_message_id)
        return self._by_vendor_id.get(vendor_id, 0), None

    def _values(self, pk: int) -> tuple[object, ...]:
        known, state = self._messages[pk], self._states[pk]
        new = (getattr(state, name) for name in _STATE)
        return (pk, known.attempt, known.status, state.status, *new)

    def _age(self, kept: _Kept) -> timedelta:
        return self._now - kept.received_at

    def _next_wait(self, kept: _Kept) -> timedelta:
        return min(max(self._age(kept), SHORTEST_RETRY), LONGEST_RETRY)

    def _suppress(self, pk: int, kind: str) -> None:
        known = self._messages[pk]
        suppress_refused(
            known.to_phone,
            kind=kind,
            brand=Brand.objects.using(self._using).get(pk=known.brand),
            sender=Sender.objects.using(self._using).get(pk=known.sender),
            message_id=pk,
        )


def _pending(using: str, limit: int) -> list[_Kept]:
    pending = ReceiptRecord.objects.using(using).filter(
        state=ReceiptRecord.State.PENDING, retry_at__lte=DatabaseNow()
    )
    rows: QuerySet[ReceiptRecord] = pending.order_by("retry_at", "pk")
    if connections[using].features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    return [_Kept._make(row) for row in rows.values_list(*_Kept._fields)[:limit]]


def _messages_of(kept: Collection[_Kept], using: str) -> dict[int, _Known]:
    ids, vendor_ids = set(), set()
    for item in kept:
        if found := _REFERENCE.fullmatch(item.reference):
            ids.add(int(found[1]))
        elif item.provider_message_id:
            vendor_ids.add(item.provider_message_id)
    messages = Message.objects.using(using)
    found_rows: list[tuple[object, ...]] = []
    for field, wanted in (("pk", ids), ("provider_message_id", vendor_ids)):
        values: list[int | str] = sorted(wanted)
        for start in range(0, len(values), 10_000):
            piece = values[start : start + 10_000]
            rows = messages.filter(**{f"{field}__in": piece})
            found_rows += rows.values_list(*_Known._fields)
    return {row[0]: _Known._make(row) for row in found_rows}  # type: ignore[misc]


def _news(kept: _Kept, attempt: int | None) -> News:
    # A vendor's clock may run ahead of ours; nothing happened after we heard of it.
    at = min(kept.occurred_at or kept.received_at, kept.received_at)
    return News(
        status=kept.status,
        attempt=attempt,
        at=at,
        provider_message_id=kept.provider_message_id,
        error_kind=kept.error_kind,
        error_code=kept.error_code,
        part_count=kept.part_count,
        price=kept.price,
        currency=kept.currency,
    )
