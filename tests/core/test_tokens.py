"""Tokens are of fixed width, one spelling a number, and sealed for one purpose."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.core import tokens


@given(st.integers(0, 62**12 - 1))
def test_a_number_survives_the_way_there_and_back(number):
    text = tokens.encode(number, width=12)

    assert len(text) == 12
    assert tokens.decode(text) == number


def test_order_of_numbers_is_order_of_texts():
    numbers = [0, 1, 61, 62, 3843, 3844, 62**12 - 1]

    assert sorted(tokens.encode(n, width=12) for n in numbers) == [
        tokens.encode(n, width=12) for n in numbers
    ]
    assert tokens.encode(61, width=4) == "000z"


@pytest.mark.parametrize(("number", "width"), [(62**4, 4), (-1, 4), (1, 3)])
def test_a_number_that_does_not_fit_is_refused(number, width):
    with pytest.raises(ValueError, match="does not fit"):
        tokens.encode(number, width=width)


@pytest.mark.parametrize("text", ["a-", "abc", "ab/d", "аб", "a ", "\x00\x00"])
def test_a_text_that_is_no_token_decodes_to_none(text):
    assert tokens.decode(text) is None


def test_a_seal_is_the_head_of_hmac_sha256_over_the_labelled_message():
    expected = hmac.new(b"key", b"label\x00message", hashlib.sha256).digest()

    assert tokens.seal(b"message", key="key", label=b"label", size=4) == expected[:4]
    assert tokens.seal(b"message", key=b"key", label=b"label", size=32) == expected


def test_a_seal_differs_by_label_by_key_and_by_message():
    seals = {
        tokens.seal(message, key=key, label=label, size=8)
        for message in (b"a", b"b")
        for key in ("k", "l")
        for label in (b"x", b"y")
    }

    assert len(seals) == 8
    assert tokens.same_seal(b"abcd", b"abcd")
    assert not tokens.same_seal(b"abcd", b"abce")
