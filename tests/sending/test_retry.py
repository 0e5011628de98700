"""Back-off: which refusals are worth another try, and when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sms_marketing.providers import ErrorKind, Outbound, SendResult
from sms_marketing.sending.retry import LONGEST_WAIT, next_try


def refused(kind, **over):
    outbound = Outbound(message_id=1, attempt=1, to="", text="", sender="")
    return SendResult.refused(outbound, kind, **over)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 30), (2, 60), (3, 120), (4, 240), (5, None)]
)
def test_the_wait_doubles_until_the_last_attempt(attempt, seconds):
    wait = next_try(refused(ErrorKind.TEMPORARY), attempt=attempt)

    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_no_wait_is_longer_than_an_hour(configure):
    configure(MAX_ATTEMPTS=100)

    assert next_try(refused(ErrorKind.TEMPORARY), attempt=90) == LONGEST_WAIT
    asked = refused(ErrorKind.TEMPORARY, retry_after=1e6)
    assert next_try(asked, attempt=1) == LONGEST_WAIT


def test_the_vendors_word_is_respected():
    assert next_try(
        refused(ErrorKind.TEMPORARY, retry_after=45), attempt=1
    ) == timedelta(seconds=45)
    assert next_try(
        refused(ErrorKind.THROTTLED, retry_after=7), attempt=1
    ) == timedelta(seconds=7)


def test_being_too_quick_says_nothing_about_the_message():
    assert next_try(refused(ErrorKind.THROTTLED), attempt=50) == timedelta(seconds=1)


@pytest.mark.parametrize("kind", ErrorKind, ids=str)
def test_the_kind_alone_decides(kind):
    assert (next_try(refused(kind), attempt=1) is not None) == kind.is_retryable


def test_a_refusal_without_a_kind_is_final():
    outbound = Outbound(message_id=1, attempt=1, to="", text="", sender="")

    assert next_try(SendResult.accepted(outbound), attempt=1) is None
