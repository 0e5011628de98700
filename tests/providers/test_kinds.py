from __future__ import annotations

import pytest

from sms_marketing.providers import ErrorKind, ReceiptStatus


@pytest.mark.parametrize("kind", ErrorKind, ids=str)
def test_every_kind_has_its_consequences(kind):
    verdicts = (
        kind.is_retryable,
        kind.is_account_level,
        kind.suppresses,
        kind.allows_failover,
    )

    assert all(isinstance(verdict, bool) for verdict in verdicts)


@pytest.mark.parametrize("kind", ErrorKind, ids=str)
def test_a_number_that_is_suppressed_is_not_tried_again(kind):
    assert not (kind.suppresses and (kind.is_retryable or kind.allows_failover))


def test_only_dead_numbers_and_opt_outs_suppress():
    suppressing = {kind for kind in ErrorKind if kind.suppresses}

    assert suppressing == {ErrorKind.INVALID_NUMBER, ErrorKind.OPTED_OUT}


def test_money_and_credentials_concern_the_account_and_wait_for_a_person():
    account = {kind for kind in ErrorKind if kind.is_account_level}

    assert account == {ErrorKind.NO_CREDIT, ErrorKind.SENDER_CONFIG}
    assert all(kind.is_retryable for kind in account)


def test_sent_and_unknown_are_not_the_end():
    open_ends = {status for status in ReceiptStatus if not status.is_final}

    assert open_ends == {ReceiptStatus.SENT, ReceiptStatus.UNKNOWN}
