from __future__ import annotations

import unicodedata

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing import contacts
from sms_marketing.contacts.keys import signing_key_id, storable
from sms_marketing.exceptions import ConfigurationError


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Rīga", "rīga"),
        ("  RĪGA  ", "rīga"),
        ("Ri\u0304ga", "rīga"),
        ("New\t York", "new york"),
        ("Riga", "riga"),
        ("Straße", "strasse"),
        ("Ёлки", "ёлки"),
        ("", ""),
    ],
)
def test_key_of(text, key):
    assert contacts.key_of(text) == key


@given(st.text(max_size=60))
def test_key_of_a_key_is_the_key(text):
    key = contacts.key_of(text)

    assert contacts.key_of(key) == key
    assert contacts.key_of(f" {unicodedata.normalize('NFD', text)}\n") == key


def test_phone_hash_is_keyed_and_does_not_show_the_number():
    hashed = contacts.phone_hash("+37120000001")

    assert len(hashed) == 64
    assert "20000001" not in hashed
    assert hashed != contacts.phone_hash("+37120000002")
    with override_settings(SMS_MARKETING={"LEDGER_KEYS": {"a": "other", "b": "x"}}):
        assert contacts.phone_hash("+37120000001") != hashed
        assert signing_key_id() == "b"


def test_no_ledger_keys_says_what_to_set():
    with (
        override_settings(SMS_MARKETING={}),
        pytest.raises(ConfigurationError, match="LEDGER_KEYS"),
    ):
        contacts.phone_hash("+37120000001")


def test_storable_text_has_neither_nul_nor_half_letters():
    assert storable("a\x00b\ud83d") == "ab?"
