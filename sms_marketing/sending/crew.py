"""The threads that talk to one provider; they never touch the database."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

from sms_marketing.exceptions import cause_of
from sms_marketing.providers import BaseProvider, Outbound, SendResult

logger = logging.getLogger(__name__)

#: Nothing leaves on an older look at the consents than this, in seconds (R1: 5). It
#: also stops a worker that slept past its lease: its clock went on while it slept.
MAX_AGE_SECONDS = 4.5


@dataclass(slots=True, kw_only=True)
class Leave:
    """Whether the rows of a batch may still go; shared by its calls, set once."""

    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Messages for one call of ``send_many``, and when their consent was looked at."""

    outbounds: Sequence[Outbound]
    checked_at: float
    leave: Leave
    #: Whatever the caller wants back with the results.
    items: Sequence[Any] = ()
    batch: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The results of a call, one for each message; None: it was surely not made."""

    call: Call
    results: list[SendResult] | None
    started_at: float
    answered_at: float


class Crew:
    """Makes up to ``size`` calls at once; its threads start as they are needed."""

    def __init__(
        self, provider: BaseProvider, *, size: int, wake: threading.Event
    ) -> None:
        self._provider = provider
        self._size = size
        self._wake = wake
        self._calls: SimpleQueue[Call | None] = SimpleQueue()
        self._answers: deque[Answer] = deque()
        self._threads: list[threading.Thread] = []
        self._under_way: list[Call] = []  # its length counts; append and pop are atomic
        self._is_closing = False

    @property
    def size(self) -> int:
        """Calls that may be under way at once."""
        return self._size

    @property
    def waiting(self) -> int:
        """Calls that no thread has taken up yet."""
        return self._calls.qsize()

    def put(self, calls: Sequence[Call]) -> None:
        """Hand calls over; they start in this order."""
        for call in calls:
            if len(self._threads) < self._size:
                thread = threading.Thread(target=self._work, daemon=True)
                self._threads.append(thread)
                thread.start()
            self._calls.put(call)

    def take_answers(self) -> list[Answer]:
        """Everything that was answered since the last look."""
        answers = []
        while self._answers:
            answers.append(self._answers.popleft())
        return answers

    def close(self) -> None:
        """Let no further call start, wait for those under way, end the threads."""
        self._is_closing = True
        for _thread in self._threads:
            self._calls.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            self._under_way.append(call)
            self._make(call)
            self._under_way.pop()
            # Only when all is quiet: a look round for each message would cost more
            # than the message.
            if not self._under_way and self._calls.empty():
                self._wake.set()

    def _make(self, call: Call) -> None:
        started_at = time.monotonic()
        may_go = not (self._is_closing or call.leave.is_over)
        if may_go and started_at - call.checked_at <= MAX_AGE_SECONDS:
            results = _send(self._provider, call.outbounds)
        else:
            results = None
        self._answers.append(
            Answer(
                call=call,
                results=results,
                started_at=started_at,
                answered_at=time.monotonic(),
            )
        )


def _send(provider: BaseProvider, outbounds: Sequence[Outbound]) -> list[SendResult]:
    try:
        found = {result.reference: result for result in provider.send_many(outbounds)}
    except Exception as error:  # noqa: BLE001  (an adapter's fault: R3, see below)
        # What left is not known.
        logger.error("provider %s failed: %s", provider.alias, cause_of(error))
        found = {}
    return [
        found.get(outbound.reference)
        or SendResult.unconfirmed(outbound, code="no_result")
        for outbound in outbounds
    ]
