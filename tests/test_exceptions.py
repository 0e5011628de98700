"""What a log may say about an error: what and where, never whose."""

from __future__ import annotations

from sms_marketing.exceptions import InvalidPhone, cause_of


def test_r10_a_foreign_error_is_told_by_its_kind_and_place():
    try:
        int("+371 20000000")
    except ValueError as error:
        cause = cause_of(error)

    assert cause.startswith("ValueError at ")
    assert __file__ in cause
    assert "+371" not in cause


def test_our_own_errors_speak_for_themselves():
    assert cause_of(InvalidPhone("Too short.")) == "Too short."


def test_an_error_that_was_never_raised_has_no_place():
    assert cause_of(KeyError("+37120000000")) == "KeyError"
