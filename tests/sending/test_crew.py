"""Threads: what they may start, what they say, how they end."""

from __future__ import annotations

import threading
import time

import pytest

from sms_marketing.providers import Outbound, Outcome, SendResult
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.sending.crew import Call, Crew, Leave


def outbound(pk):
    return Outbound(message_id=pk, attempt=1, to="", text="", sender="")


def call(*pks, age=0.0, leave=None):
    return Call(
        outbounds=[outbound(pk) for pk in pks],
        items=pks,
        checked_at=time.monotonic() - age,
        leave=leave or Leave(),
    )


class Gated(LocmemProvider):
    """Sends when the test lets it."""

    def __init__(self):
        super().__init__("gated")
        self.may_go = threading.Event()
        self.started = threading.Semaphore(0)

    def send_one(self, outbound):
        self.started.release()
        assert self.may_go.wait(10)
        return super().send_one(outbound)


@pytest.fixture
def provider():
    return Gated()


def crew_of(provider, size=2):
    return Crew(provider, size=size, wake=threading.Event())


def references(answers):
    return sorted(
        result.reference for answer in answers for result in answer.results or ()
    )


def test_calls_are_answered_with_what_came_of_them(provider):
    provider.may_go.set()
    crew = crew_of(provider)

    crew.put([call(1, 2), call(3)])
    while len(provider.outbox) < 3:
        time.sleep(0.001)
    crew.close()

    answers = crew.take_answers()
    assert references(answers) == ["1-1", "2-1", "3-1"]
    assert sorted(answer.call.items for answer in answers) == [(1, 2), (3,)]
    assert crew.take_answers() == []


def test_no_more_than_its_size_are_under_way(provider):
    crew = crew_of(provider, size=2)

    crew.put([call(pk) for pk in range(1, 6)])
    provider.started.acquire()
    provider.started.acquire()

    assert not provider.started.acquire(timeout=0.05)
    assert crew.waiting == 3
    provider.may_go.set()
    while len(provider.outbox) < 5:
        time.sleep(0.001)
    crew.close()


def test_threads_start_as_they_are_needed(provider):
    provider.may_go.set()
    before = threading.active_count()
    crew = crew_of(provider, size=50)

    crew.put([call(1)])

    assert threading.active_count() <= before + 1
    crew.close()
    assert threading.active_count() == before


def test_r1_an_old_look_at_the_consents_starts_nothing(provider):
    provider.may_go.set()
    crew = crew_of(provider)

    crew.put([call(1, age=4.6), call(2, age=4.0)])
    while not provider.outbox:
        time.sleep(0.001)
    crew.close()

    assert [item.message_id for item in provider.outbox] == [2]
    given_up = [a.call.items for a in crew.take_answers() if a.results is None]
    assert given_up == [(1,)]


def test_a_lost_batch_starts_nothing(provider):
    provider.may_go.set()
    leave = Leave(is_over=True)
    crew = crew_of(provider)

    crew.put([call(1, leave=leave)])
    while not (answers := crew.take_answers()):
        time.sleep(0.001)
    crew.close()

    assert answers[0].results is None
    assert provider.outbox == []


def test_closing_finishes_what_is_under_way_and_gives_up_the_rest(provider):
    crew = crew_of(provider, size=1)
    crew.put([call(1), call(2), call(3)])
    provider.started.acquire()
    threading.Timer(0.05, provider.may_go.set).start()

    crew.close()

    answers = crew.take_answers()
    assert references(answers) == ["1-1"]
    assert sum(answer.results is None for answer in answers) == 2
    assert [item.message_id for item in provider.outbox] == [1]


def test_the_caller_is_woken_when_there_is_nothing_to_do(provider):
    provider.may_go.set()
    wake = threading.Event()
    crew = Crew(provider, size=1, wake=wake)

    crew.put([call(1)])

    assert wake.wait(5)
    crew.close()


def test_r3_a_bulk_call_with_half_an_answer_leaves_the_rest_unconfirmed(provider):
    class Half(Gated):
        def send_many(self, batch):
            return [SendResult.accepted(batch[1])]

    crew = crew_of(Half())
    crew.put([call(1, 2, 3)])
    while not (answers := crew.take_answers()):
        time.sleep(0.001)
    crew.close()

    outcomes = [result.outcome for result in answers[0].results]
    assert outcomes == [Outcome.UNCONFIRMED, Outcome.ACCEPTED, Outcome.UNCONFIRMED]
