from __future__ import annotations

import pytest

from sms_marketing.providers import ErrorKind
from sms_marketing.providers.answers import clean_code, kind_of_status, seconds


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.REJECTED),
        (401, ErrorKind.SENDER_CONFIG),
        (402, ErrorKind.NO_CREDIT),
        (408, ErrorKind.TEMPORARY),
        (422, ErrorKind.REJECTED),
        (429, ErrorKind.THROTTLED),
        (308, ErrorKind.SENDER_CONFIG),
        (302, None),
        (500, None),
        (504, None),
    ],
)
def test_a_status_tells_why_nothing_was_taken_or_that_nobody_knows(status, kind):
    assert kind_of_status(status) is kind


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("3", 3.0),
        (2.5, 2.5),
        ("-4", 0.0),
        ("999999999", 86_400.0),
        ("inf", 86_400.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 -0000", None),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
def test_waits_are_read_as_seconds_or_dates_and_bounded(value, wait):
    assert seconds(value) == wait


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (" 21211 ", "21211"),
        (30007, "30007"),
        ("ESME_RTHROTTLED", "ESME_RTHROTTLED"),
        ("NACK/0x0000000b", "NACK/0x0000000b"),
        ("bad:+37120000123", "bad:…"),
        ("371-2000-0123", "…"),
        ("no route to Anna", ""),
        ("x" * 65, ""),
        ("", ""),
    ],
)
def test_r10_a_code_is_kept_and_a_sentence_or_number_is_not(value, code):
    assert clean_code(value) == code
