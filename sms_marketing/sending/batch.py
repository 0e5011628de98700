"""A claimed batch in this worker's hands: judged, rendered, handed over in order."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import router

from sms_marketing.conf import settings
from sms_marketing.core.db import database_now
from sms_marketing.exceptions import (
    ConfigurationError,
    InvalidBody,
    MissingField,
    StopLease,
    cause_of,
)
from sms_marketing.models import Brand, Message, Sender, SkipReason
from sms_marketing.providers import Outbound
from sms_marketing.sending.claim import Claim, Row
from sms_marketing.sending.contexts import load_merge_contexts
from sms_marketing.sending.crew import Call, Leave
from sms_marketing.sending.gate import BACK, Gate, Verdict, Verdicts, put_back, skip
from sms_marketing.sending.record import Handed, record_verdicts
from sms_marketing.sending.release import advance_watermark, close_batch
from sms_marketing.sending.rendering import (
    LeftOut,
    RenderedText,
    Voice,
    finish,
    render,
)
from sms_marketing.sending.report import DispatchReport
from sms_marketing.sending.throttle import take_parts
from sms_marketing.sending.wordings import Wording, load_wordings

logger = logging.getLogger(__name__)

#: A carrier that is told to give up sooner than this might never try, in seconds.
SHORTEST_VALIDITY = 60
#: When the site is not set up for it, its messages are looked at again so much later.
POSTPONED_FOR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A message that may leave now, as the provider will see it."""

    handed: Handed
    outbound: Outbound


class OpenBatch:
    """Rows of one batch: those that wait, and how many are with the provider."""

    def __init__(
        self,
        claim: Claim,
        sender: Sender,
        *,
        report: DispatchReport,
        limit: int = 0,
    ) -> None:
        self.batch_id = claim.batch_id
        self.sender = sender
        self.rows = deque(claim.rows)
        self.size = len(claim.rows)
        self.is_full = self.size == limit
        self.handed = 0  # with the provider, or answered and not yet recorded
        self.leave = Leave()
        self.waits_until = 0.0
        self._report = report
        self._watermark = 0
        self._checked_at = 0.0
        self._touched_at = time.monotonic()

    @property
    def is_done(self) -> bool:
        """True when nothing of it is open any more."""
        return not self.rows and not self.handed

    def prepare(self) -> None:
        """Judge the whole batch, and load what its texts need."""
        rows = list(self.rows)
        brands = Brand.objects.in_bulk({row.brand for row in rows})
        now = database_now(router.db_for_write(Message))
        self._gate = Gate(brands=brands, sender_id=self.sender.pk, now=now)
        # Before the question: an answer is as old as the moment it was asked.
        self._checked_at = time.monotonic()
        self._apply(self._gate.judge(rows))
        self._writer = _Writer.load(self.rows, sender=self.sender, gate=self._gate)

    def release(self, *, limit: int, call_size: int) -> list[Call]:
        """Hand over the next rows, at most ``limit``; returns the calls to make.

        Raises StopLease when others own the batch by now.
        """
        if time.monotonic() < self.waits_until:
            return []
        self._look_again()
        ready = self._within_rate(self._next(limit))
        if not ready:
            return []
        self._move_watermark(ready[-1].handed.row.pk)
        for _ready in ready:
            self.rows.popleft()
        self.handed += len(ready)
        return [
            Call(
                outbounds=[item.outbound for item in ready[start : start + call_size]],
                items=[item.handed for item in ready[start : start + call_size]],
                checked_at=self._checked_at,
                leave=self.leave,
                batch=self,
            )
            for start in range(0, len(ready), call_size)
        ]

    def beat(self) -> None:
        """Keep the lease while the provider is slow; raises StopLease if it is gone."""
        if time.monotonic() - self._touched_at > settings().LEASE_SECONDS / 4:
            self._move_watermark(self._watermark)

    def put_back(self, rows: Sequence[Row], *, verdict: Verdict = BACK) -> None:
        """Give rows that surely did not leave to whoever comes next."""
        self._record(rows, {row.pk: verdict for row in rows})

    def stop(self, *, verdict: Verdict = BACK) -> None:
        """Let nothing more of it leave, and put back what waits."""
        self.leave.is_over = True
        if self.rows:
            self.put_back(list(self.rows), verdict=verdict)
            self.rows.clear()

    def postpone(self) -> None:
        """Stop, and look again in a minute."""
        now = database_now(router.db_for_write(Message))
        self.stop(verdict=put_back(now + POSTPONED_FOR))

    def lose(self) -> None:
        """Others own it: let go of everything that has not left."""
        logger.warning("batch %s was lost; the rest of it is dropped", self.batch_id)
        self.leave.is_over = True
        self.rows.clear()

    def close(self) -> None:
        """Say in the database that it is done."""
        close_batch(self.batch_id)

    def _look_again(self) -> None:
        if time.monotonic() - self._checked_at > settings().RECHECK_SECONDS:
            checked_at = time.monotonic()
            self._apply(self._gate.judge_again(list(self.rows)))
            self._checked_at = checked_at

    def _next(self, limit: int) -> list[Ready]:
        faults: Verdicts = {}
        found: list[Ready] = []
        for row in self.rows:
            if len(found) == limit:
                break
            made = self._writer.write(row)
            if isinstance(made, RenderedText):
                found.append(self._ready(row, made))
            else:
                faults[row.pk] = skip(made)
        # Written before the watermark passes them: after a crash they would else look
        # as if they might have left.
        self._apply(faults)
        return found

    def _ready(self, row: Row, rendered: RenderedText) -> Ready:
        return Ready(
            handed=Handed(
                row=row,
                batch_id=self.batch_id,
                sender=self.sender,
                brand=self._gate.brands[row.brand],
                rendered=rendered,
            ),
            outbound=self._writer.outbound(row, rendered),
        )

    def _within_rate(self, ready: list[Ready]) -> list[Ready]:
        rate = self.sender.parts_per_second
        if rate is None or not ready:
            return ready
        parts = [item.handed.rendered.part_count for item in ready]
        count = take_parts(self.sender.pk, parts)
        if count < len(ready):
            # Half the time of a part, so that three workers keep the pace together.
            self.waits_until = time.monotonic() + min(1.0, 0.5 / rate)
        return ready[:count]

    def _move_watermark(self, upto: int) -> None:
        if not advance_watermark(self.batch_id, upto=upto):
            raise StopLease
        self._watermark = upto
        self._touched_at = time.monotonic()

    def _apply(self, verdicts: Verdicts) -> None:
        if verdicts:
            self._record(self.rows, verdicts)
            self.rows = deque(row for row in self.rows if row.pk not in verdicts)

    def _record(self, rows: Collection[Row], verdicts: Verdicts) -> None:
        record_verdicts(rows, verdicts=verdicts, batch_id=self.batch_id)
        self._report.count(verdict.status for verdict in verdicts.values())


@dataclass(slots=True, kw_only=True)
class _Writer:
    """Renders the rows of a batch from facts that were loaded once."""

    sender: Sender
    gate: Gate
    voices: dict[int, Voice]
    wordings: dict[int, Wording]
    contexts: dict[int, dict[str, Any]]
    receipt_url: str

    @classmethod
    def load(cls, rows: Collection[Row], *, sender: Sender, gate: Gate) -> _Writer:
        wordings = load_wordings(row.variant for row in rows if row.variant is not None)
        fields = frozenset().union(*(w.fields for w in wordings.values()))
        contacts = list({row.contact for row in rows if row.variant is not None})
        public = settings().PUBLIC_URL.rstrip("/")
        path = f"webhooks/{sender.provider}/receipts"
        return cls(
            sender=sender,
            gate=gate,
            voices={
                brand.pk: Voice.load(sender, brand=brand)
                for brand in gate.brands.values()
            },
            wordings=wordings,
            contexts=load_merge_contexts(contacts, fields) if fields else {},
            receipt_url=f"{public}/{path}" if public else "",
        )

    def write(self, row: Row) -> RenderedText | SkipReason:
        try:
            rendered = self._render(row)
        except LeftOut as fault:
            return fault.skip_reason
        except MissingField:
            return SkipReason.MISSING_FIELD
        except InvalidBody:
            return SkipReason.RENDER_ERROR
        except ConfigurationError:
            raise  # The site's fault, not this contact's: nothing is skipped for it.
        except Exception as error:  # noqa: BLE001  (one contact's data, R6)
            logger.error("message %s cannot be rendered: %s", row.pk, cause_of(error))
            return SkipReason.RENDER_ERROR
        return rendered.skip_reason or rendered

    def outbound(self, row: Row, rendered: RenderedText) -> Outbound:
        until = self.gate.valid_until(row)
        return Outbound(
            message_id=row.pk,
            attempt=row.attempt,
            to=row.to_phone,
            text=rendered.text,
            sender=self.sender.address,
            encoding=rendered.encoding,
            part_count=rendered.part_count,
            validity_seconds=_seconds(self.gate.now, until),
            receipt_url=self.receipt_url,
        )

    def _render(self, row: Row) -> RenderedText:
        voice = self.voices[row.brand]
        if row.variant is None:
            return finish(
                row.body,
                voice=voice,
                category=row.category,
                language=row.language or voice.brand.fallback_language,
                country=row.contact__country,
                message_id=row.pk,
            )
        wording = self.wordings.get(row.variant)
        if wording is None:
            raise LeftOut(SkipReason.NO_LANGUAGE)
        return render(
            wording,
            voice=voice,
            # Of the text, not of the row: a test send of a campaign shows all of it.
            category=wording.category,
            language=row.language or row.contact__language,
            country=row.contact__country,
            context={**self.contexts.get(row.contact, {}), **(row.context or {})},
            message_id=row.pk,
        )


def _seconds(now: datetime, until: datetime | None) -> int | None:
    if until is None:
        return None
    return max(SHORTEST_VALIDITY, int((until - now).total_seconds()))
