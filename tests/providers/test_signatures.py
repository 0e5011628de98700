from __future__ import annotations

import base64
import time

import pytest

from sms_marketing.exceptions import ProviderError
from sms_marketing.providers import FORGED
from sms_marketing.providers.signatures import (
    check_age,
    check_secret,
    check_signature,
    hmac_sha256_base64,
    hmac_sha256_hex,
    same,
)

# RFC 4231, test case 2
KEY, MESSAGE = "Jefe", b"what do ya want for nothing?"
DIGEST = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


def test_signatures_are_those_of_the_standard():
    assert hmac_sha256_hex(KEY, MESSAGE) == DIGEST
    assert base64.b64decode(hmac_sha256_base64(KEY, MESSAGE)).hex() == DIGEST


def test_comparing_takes_any_text():
    assert same("ķ", "ķ")
    assert not same("\udcff", "ķ")


def test_an_old_secret_is_good_while_it_is_being_replaced():
    check_signature(DIGEST, MESSAGE, secrets=["new", KEY])
    check_secret("old", secrets=["new", "old"])


@pytest.mark.parametrize(
    "check",
    [
        lambda: check_signature("", MESSAGE, secrets=[KEY]),
        lambda: check_signature(DIGEST.upper(), MESSAGE, secrets=[KEY]),
        lambda: check_signature(DIGEST, MESSAGE + b"!", secrets=[KEY]),
        lambda: check_signature(DIGEST, MESSAGE, secrets=[]),
        lambda: check_secret("", secrets=["a", ""]),
        lambda: check_secret("b", secrets=["a"]),
        lambda: check_age("", tolerance_seconds=300),
        lambda: check_age("yesterday", tolerance_seconds=300),
        lambda: check_age("nan", tolerance_seconds=300),
        lambda: check_age("inf", tolerance_seconds=300),
        lambda: check_age(str(time.time() - 400), tolerance_seconds=300),
        lambda: check_age(str(time.time() + 400), tolerance_seconds=300),
    ],
)
def test_r7_what_is_not_proved_is_forged(check):
    with pytest.raises(ProviderError) as caught:
        check()

    assert caught.value.kind == FORGED


def test_the_present_is_fresh():
    check_age(str(int(time.time())), tolerance_seconds=300)
