"""A link's token opens what it was made for, and nothing else opens anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.core import tokens
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.text.links import (
    OPT_OUT_POSITION,
    PLACEHOLDER_TOKEN,
    LinkToken,
    make_token,
    read_token,
)

KEYS = {0: "first key", 1: b"second key"}


@given(st.integers(0, 2**34 - 1), st.integers(0, 7), st.sampled_from(range(4)))
def test_a_token_says_what_it_was_made_for(message_id, position, key_id):
    keys = {key_id: "secret"}
    token = make_token(message_id=message_id, position=position, keys=keys)

    assert len(token) == 12
    assert token.isascii()
    assert token.isalnum()
    assert read_token(token, keys=keys) == LinkToken(
        message_id=message_id, position=position
    )


@given(st.integers(0, 11), st.sampled_from(tokens.ALPHABET))
def test_a_token_with_any_letter_changed_is_none(place, letter):
    token = make_token(message_id=123456, position=2, keys=KEYS)
    forged = token[:place] + letter + token[place + 1 :]

    assert read_token(forged, keys=KEYS) is None or forged == token


@given(st.text(max_size=14))
def test_any_other_text_is_none(text):
    assert read_token(text, keys=KEYS) is None


@pytest.mark.parametrize(
    "text", ["", "0" * 11, "0" * 13, "z" * 12, "abc/def+ghi=", "٠" * 12]
)
def test_malformed_tokens_are_none(text):
    assert read_token(text, keys=KEYS) is None


def test_the_other_fields_cannot_be_exchanged_under_one_seal():
    sealed = tokens.decode(make_token(message_id=7, position=0, keys=KEYS))
    for bit in range(32, 71):
        forged = tokens.encode(sealed ^ 1 << bit, width=12)
        assert read_token(forged, keys=KEYS) is None


def test_a_new_key_signs_and_the_old_links_still_open():
    old = make_token(message_id=5, position=1, keys={0: "first key"})
    new = make_token(message_id=5, position=1, keys=KEYS)

    assert old != new
    assert read_token(old, keys=KEYS) == read_token(new, keys=KEYS)
    assert read_token(new, keys={1: b"second key"}) == read_token(new, keys=KEYS)


def test_a_token_of_a_removed_or_emptied_key_is_none():
    old = make_token(message_id=5, position=1, keys={0: "first key"})

    assert read_token(old, keys={1: "second key"}) is None
    assert read_token(old, keys={0: "", 1: "second key"}) is None
    assert read_token(old, keys={0: "another key"}) is None


def test_the_way_out_is_position_seven():
    token = make_token(message_id=9, position=OPT_OUT_POSITION, keys=KEYS)

    assert read_token(token, keys=KEYS) == LinkToken(message_id=9, position=7)


def test_the_placeholder_is_as_long_as_a_token_and_opens_nothing():
    assert len(PLACEHOLDER_TOKEN) == 12
    assert tokens.decode(PLACEHOLDER_TOKEN) >= 2**71  # beyond every key and seal
    for key_id in range(4):
        assert read_token(PLACEHOLDER_TOKEN, keys={key_id: "secret"}) is None


@pytest.mark.parametrize("keys", [{}, {4: "secret"}, {-1: "secret"}, {0: ""}])
def test_signing_without_a_usable_key_names_the_setting(keys):
    with pytest.raises(ConfigurationError, match="LINK_KEYS"):
        make_token(message_id=1, position=0, keys=keys)


@pytest.mark.parametrize(
    ("message_id", "position"), [(2**34, 0), (-1, 0), (1, 8), (1, -1)]
)
def test_what_does_not_fit_into_a_token_is_refused(message_id, position):
    with pytest.raises(ValueError):
        make_token(message_id=message_id, position=position, keys=KEYS)
