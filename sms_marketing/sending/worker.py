"""One run of the pipeline: batches in hand, a crew for each provider, the outcomes."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import DatabaseError, router

from sms_marketing.conf import settings
from sms_marketing.exceptions import ConfigurationError, StopLease, cause_of
from sms_marketing.models import Message, Sender
from sms_marketing.providers import get_provider
from sms_marketing.sending.aside import Aside, can_run_beside
from sms_marketing.sending.batch import OpenBatch
from sms_marketing.sending.claim import MAX_BATCH, claim_messages
from sms_marketing.sending.crew import Answer, Crew
from sms_marketing.sending.lanes import find_lanes
from sms_marketing.sending.outcomes import Outcomes
from sms_marketing.sending.report import DispatchReport

logger = logging.getLogger(__name__)

#: The loop looks round so often while all threads are busy.
TICK_SECONDS = 0.01
#: Where nothing was due, the next look is so much later.
CLAIM_PAUSE = 0.2
#: A claim is what goes out in this time; a release must have started in that.
CLAIM_SECONDS = 2.0
RELEASE_SECONDS = 0.75
#: Outcomes that wait at most, whatever the time.
MAX_PENDING = 2000
#: After outcomes could not be written.
WRITE_PAUSE = 0.5


@dataclass(slots=True, kw_only=True)
class _Post:
    """A provider's crew, and how fast it is."""

    crew: Crew
    call_size: int
    call_seconds: float = 0.0

    def learn(self, answer: Answer) -> None:
        if answer.results is not None:
            took = answer.answered_at - answer.started_at
            self.call_seconds += (took - self.call_seconds) / 8

    def pace(self, sender: Sender) -> float:
        """Messages a second, with all threads at work, within the sender's rate."""
        fastest = self.crew.size * self.call_size / max(self.call_seconds, 0.001)
        return min(fastest, sender.parts_per_second or fastest)

    def release_size(self, sender: Sender) -> int:
        """What may be handed over at once, so that all of it starts in time (R1)."""
        # Whole calls, where the vendor takes many at once.
        calls = math.ceil(settings().RELEASE_SIZE / self.call_size)
        most = calls * self.call_size
        return max(1, min(most, math.ceil(self.pace(sender) * RELEASE_SECONDS)))

    def claim_size(self, sender: Sender) -> int:
        """What goes out in two seconds; at first little, until the pace is known."""
        least = self.release_size(sender)
        if not self.call_seconds:
            return 2 * least
        return max(least, min(MAX_BATCH, math.ceil(self.pace(sender) * CLAIM_SECONDS)))

    def has_room(self, sender: Sender) -> bool:
        return self.crew.waiting * self.call_size < self.release_size(sender)


class Worker:
    """Holds what one call of ``dispatch`` has in hand."""

    def __init__(self, *, seconds: float, lane: str) -> None:
        self.report = DispatchReport()
        self._lane = lane
        self._until = time.monotonic() + seconds
        self._wake = threading.Event()
        self._posts: dict[str, _Post] = {}
        self._batches: list[OpenBatch] = []
        self._outcomes = Outcomes(self.report)
        self._claimer: Aside[OpenBatch | bool] = Aside()
        self._turns: dict[int, int] = {}
        self._claim_at = self._flush_at = 0.0
        self._found_work = True
        self._was_busy: set[int] = set()
        self._may_run_beside = can_run_beside(router.db_for_write(Message))

    @property
    def has_work(self) -> bool:
        """Whether there may be something to do, and time for it."""
        if time.monotonic() >= self._until:
            return False
        return self._found_work or self._claimer.is_busy or bool(self._batches)

    def collect(self) -> None:
        """Take what was answered; write it when it is time; close what is done."""
        for post in tuple(self._posts.values()):
            answers = post.crew.take_answers()
            for answer in answers:
                post.learn(answer)
            self._outcomes.add(answers)
        if self._outcomes.pending and self._must_write():
            self._outcomes.write()
        if self._outcomes.aside.is_busy:
            self._settle()
        for batch in [batch for batch in self._batches if batch.is_done]:
            batch.close()
            self._batches.remove(batch)

    def release(self) -> None:
        """Keep the threads fed: a few rows of each batch, where they have room."""
        for batch in () if self._outcomes.has_fault else self._batches:
            self._carefully(batch, self._release)

    def claim(self) -> None:
        """Take the next batch while the last one is going out."""
        if not self._claimer.is_busy:
            busy = self._busy()
            is_early = busy == self._was_busy and time.monotonic() < self._claim_at
            if is_early or self._outcomes.has_fault:
                return
            self._was_busy = busy
            self._claimer.start(lambda: self._claim_first(busy))
        self._note_claim()

    def rest(self) -> None:
        """Wait until a crew runs dry, at most a hundredth of a second."""
        if self._batches or self._claimer.is_busy:
            self._wake.wait(TICK_SECONDS)
            self._wake.clear()

    def leave(self) -> None:
        """Put back what waits, finish what is with the providers, write all of it."""
        self._end_claim()
        self._stop_all()
        for post in self._posts.values():
            post.crew.close()
        patience = time.monotonic() + settings().LEASE_SECONDS
        while not self._is_written() and time.monotonic() < patience:
            time.sleep(WRITE_PAUSE)
        # Once more, if the database was away at first; then what is done is closed.
        self._stop_all()
        self.collect()
        self._outcomes.aside.close()

    def _is_written(self) -> bool:
        self._flush_at = 0.0
        try:
            self.collect()
            self._outcomes.aside.wait()
            self.collect()
        except DatabaseError as error:
            logger.error("a batch cannot be closed yet: %s", cause_of(error))
            return False
        return self._outcomes.is_empty

    def _end_claim(self) -> None:
        self._claimer.wait()
        try:
            self._note_claim()
        except DatabaseError as error:
            logger.error("the last claim failed: %s", cause_of(error))
        self._claimer.close()

    def _stop_all(self) -> None:
        for batch in self._batches:
            self._stop(batch)

    def _must_write(self) -> bool:
        if self._outcomes.aside.is_busy:
            return False
        # All that is out is answered: there is nothing to wait for.
        in_hand = sum(batch.handed for batch in self._batches)
        waiting = self._outcomes.waiting
        is_due = time.monotonic() >= self._flush_at
        if self._outcomes.has_fault:
            return is_due
        return is_due or waiting >= min(MAX_PENDING, in_hand)

    def _settle(self) -> None:
        for sender_id in self._outcomes.settle():
            for batch in self._batches:
                if batch.sender.pk == sender_id:
                    self._stop(batch)
        pause = WRITE_PAUSE if self._outcomes.has_fault else settings().FLUSH_SECONDS
        if not self._outcomes.aside.is_busy:
            self._flush_at = time.monotonic() + pause

    def _release(self, batch: OpenBatch) -> None:
        batch.beat()
        post = self._posts[batch.sender.provider]
        if batch.rows and post.has_room(batch.sender):
            limit = post.release_size(batch.sender)
            post.crew.put(batch.release(limit=limit, call_size=post.call_size))

    def _busy(self) -> set[int]:
        return {
            batch.sender.pk
            for batch in self._batches
            # The next claim takes as long as half a batch takes to go out.
            if 2 * len(batch.rows)
            > self._posts[batch.sender.provider].claim_size(batch.sender)
        }

    def _claim_first(self, busy: set[int]) -> OpenBatch | bool:
        """The next batch, ready to be handed over; False: nothing was due."""
        for lane in find_lanes(lane=self._lane, busy=busy, turns=self._turns):
            post = self._post(lane.carrier)
            limit = post.claim_size(lane.carrier)
            claim = claim_messages(lane, limit=limit)
            if lane.campaign_id is not None:
                self._turns[lane.campaign_id] = max(self._turns.values(), default=0) + 1
            if claim is not None:
                batch = OpenBatch(claim, lane.carrier, report=self.report, limit=limit)
                self._carefully(batch, OpenBatch.prepare)
                return batch
        return False

    def _note_claim(self) -> None:
        claimed = self._claimer.fetch()
        if claimed is None:
            return
        if isinstance(claimed, OpenBatch):
            self._batches.append(claimed)
            self.report.claimed += claimed.size
            if claimed.is_full and self._may_run_beside:
                self._claimer.move_beside()
                self._outcomes.aside.move_beside()
        else:
            self._claim_at = time.monotonic() + CLAIM_PAUSE
        # Of a busy sender nobody knows yet whether more is due.
        self._found_work = bool(claimed) or bool(self._was_busy)

    def _post(self, sender: Sender) -> _Post:
        if sender.provider not in self._posts:
            provider = get_provider(sender.provider)
            size = provider.concurrency or settings().CONCURRENCY
            self._posts[sender.provider] = _Post(
                crew=Crew(provider, size=size, wake=self._wake),
                call_size=max(1, provider.max_batch),
            )
        return self._posts[sender.provider]

    def _carefully(self, batch: OpenBatch, act: Callable[[OpenBatch], object]) -> None:
        try:
            act(batch)
        except StopLease:
            batch.lose()
        except ConfigurationError as error:
            # The site's fault, for a person to mend: the messages wait for it.
            logger.error("batch %s cannot be sent yet: %s", batch.batch_id, error)
            batch.postpone()

    def _stop(self, batch: OpenBatch) -> None:
        try:
            batch.stop()
        except DatabaseError as error:
            # Its lease ends by itself, and the next recovery puts its rows back.
            logger.error("batch %s waits: %s", batch.batch_id, cause_of(error))
