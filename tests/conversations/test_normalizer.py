from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.conversations.normalizer import readings, squeezed, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("«Stop!»", ["stop"]),
        ("STOP 🙏", ["stop"]),
        ("ＳＴＯＰ", ["stop"]),
        ("st\u200bop", ["stop"]),
        ("st\u00adop", ["stop"]),
        ("st\x00op", ["stop"]),
        ("ARRÊT", ["arret"]),
        ("Lõpeta", ["lopeta"]),
        ("OPT-OUT", ["opt", "out"]),
        ("opt_out", ["opt", "out"]),
        ("ОТПИСАТЬСЯ.", ["отписаться"]),
        ("всё", ["все"]),
        ("Хватит, йод", ["хватит", "йод"]),
        ("S.T.O.P", ["stop"]),
        ("с т о п", ["стоп"]),
        ("a b", ["a", "b"]),
        ("plan a b", ["plan", "a", "b"]),
        ("s t o p please", ["stop", "please"]),
        ("1 2 3 4", ["1", "2", "3", "4"]),
        ("Sākt\t\n  SMS", ["sakt", "sms"]),
        ("LØPETA æ ł ß İ", ["lopeta", "ae", "l", "ss", "i"]),
        ("", []),
        ("🛑 !!!", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("ыещз", "stop"),
        ("cnjg", "стоп"),
        ("CNJG!", "стоп"),
        ("[dfnbn", "хватит"),
        ("STОP", "stop"),  # with a Cyrillic О
        ("стoп", "стоп"),  # with a Latin o
        ("штащ", "info"),
    ],
)
def test_wrong_keyboard_and_look_alikes_are_read_too(text, word):
    assert [word] in readings(text)


def test_text_as_it_stands_is_read_first():
    assert readings("Stop!")[0] == ["stop"]
    assert readings("123") == [["123"]]
    assert readings("…") == []


@pytest.mark.parametrize(
    ("word", "expected"), [("stopppp", "stop"), ("", ""), ("стоооп", "стоп")]
)
def test_squeezed(word, expected):
    assert squeezed(word) == expected


@given(st.text(max_size=80))
def test_words_of_words_are_the_words(text):
    once = words(text)

    assert words(" ".join(once)) == once
    assert all(word == word.casefold() for word in once)
    assert not any(char.isspace() for word in once for char in word)
