"""Collects what the crews were answered, and writes it in one go."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    connections,
    router,
)

from sms_marketing.core.db import database_now
from sms_marketing.exceptions import cause_of
from sms_marketing.models import Message, Sender
from sms_marketing.providers import SendResult
from sms_marketing.sending.aside import Aside
from sms_marketing.sending.crew import Answer
from sms_marketing.sending.record import Result, record_results
from sms_marketing.sending.report import DispatchReport
from sms_marketing.sending.throttle import note_results

logger = logging.getLogger(__name__)


class Outcomes:
    """Answers that are not in the database yet; none is dropped while it is away."""

    def __init__(self, report: DispatchReport) -> None:
        self.aside: Aside[set[int]] = Aside()
        self.pending: list[Answer] = []
        self.waiting = 0
        self.has_fault = False
        self._being_written: list[Answer] = []
        self._report = report
        self._using = router.db_for_write(Message)

    @property
    def is_empty(self) -> bool:
        """True when all that was answered is in the database."""
        return not (self.pending or self.aside.is_busy)

    def add(self, answers: Iterable[Answer]) -> None:
        """Keep answers until the next ``write``."""
        for answer in answers:
            self.pending.append(answer)
            self.waiting += len(answer.call.items)

    def write(self) -> None:
        """Begin to write all of it; ``settle`` tells how that ended."""
        answers, self.pending, self.waiting = self.pending, [], 0
        self._being_written = answers
        self.aside.start(lambda: self._write(answers))

    def settle(self) -> set[int]:
        """Note what was written meanwhile; returns the senders that have to stop.

        Where the database is away, everything is kept for the next ``write``.
        """
        try:
            stopped = self.aside.fetch()
        except (OperationalError, InterfaceError) as error:
            self.has_fault = True
            newer, self.pending, self.waiting = self.pending, [], 0
            self.add([*self._being_written, *newer])
            logger.error(
                "%d outcomes wait for the database: %s", self.waiting, cause_of(error)
            )
            return set()
        if stopped is None:
            return set()
        self.has_fault = False
        for answer in self._being_written:
            answer.call.batch.handed -= len(answer.call.items)
        return stopped

    def _write(self, answers: Sequence[Answer]) -> set[int]:
        try:
            return self._write_all(answers)
        except (OperationalError, InterfaceError):
            self._reconnect()
            raise

    def _write_all(self, answers: Sequence[Answer]) -> set[int]:
        now = database_now(self._using)
        results = _results(answers)
        if results:
            self._record(results, now)
        for answer in answers:
            if answer.results is None:
                answer.call.batch.put_back([item.row for item in answer.call.items])
        return _stopped_senders(results)

    def _record(self, results: Sequence[Result], now: datetime) -> None:
        try:
            statuses = record_results(results, now=now)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            if len(results) == 1:
                # It stays claimed and becomes unconfirmed when the lease is over.
                pk = results[0].handed.row.pk
                logger.error("message %s has no outcome: %s", pk, cause_of(error))
                return
            # One odd value of a vendor must not cost the others their outcome (R6).
            for result in results:
                self._record([result], now)
            return
        self._report.count(statuses.values())

    def _reconnect(self) -> None:
        connection = connections[self._using]
        if not connection.in_atomic_block:
            connection.close()


def _results(answers: Iterable[Answer]) -> list[Result]:
    now = time.monotonic()
    return [
        Result(handed=handed, result=result, age=now - answer.answered_at)
        for answer in answers
        if answer.results is not None
        for handed, result in zip(answer.call.items, answer.results, strict=True)
    ]


def _stopped_senders(results: Iterable[Result]) -> set[int]:
    by_sender: dict[int, list[SendResult]] = defaultdict(list)
    senders: dict[int, Sender] = {}
    for result in results:
        senders[result.handed.sender.pk] = result.handed.sender
        by_sender[result.handed.sender.pk].append(result.result)
    return {pk for pk, given in by_sender.items() if note_results(senders[pk], given)}
