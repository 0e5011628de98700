"""Parts are counted as handsets receive them; only what may change is changed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.exceptions import InvalidBody
from sms_marketing.text import encoding
from sms_marketing.text.encoding import (
    GSM_BASIC,
    GSM_EXTENSION,
    Encoding,
    EncodingPolicy,
    apply_policy,
    costly_letters,
    count,
    normalize,
    split,
)

KEEP, PUNCTUATION, STRIP = EncodingPolicy
NO_SURROGATES = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(
    st.text(st.sampled_from(GSM_BASIC), max_size=400),
    st.text(st.sampled_from("ab[]€{}"), max_size=400),
    st.text(st.sampled_from("aāж😀€"), max_size=300),
    st.text(NO_SURROGATES, max_size=200),
)


def split_letter_by_letter(text):
    """The oracle: put letters into parts one at a time, as the standard words it."""
    gsm = set(text) <= set(GSM_BASIC + GSM_EXTENSION)
    single, joined = (160, 153) if gsm else (70, 67)

    def width(char):
        return 1 + (char in GSM_EXTENSION if gsm else ord(char) > 0xFFFF)

    if sum(map(width, text)) <= single:
        return [text]
    parts, room = [""], joined
    for char in text:
        if width(char) > room:
            parts.append("")
            room = joined
        parts[-1] += char
        room -= width(char)
    return parts


@given(TEXTS)
def test_parts_are_those_of_the_letter_by_letter_rule(text):
    parts = split(text)
    counted = count(text)

    assert parts == split_letter_by_letter(text)
    assert counted.parts == len(parts)
    assert counted.units == sum(counted.units_per_part)


@pytest.mark.shared_data
def test_every_row_of_the_corpus_is_counted_right():
    folder = os.environ.get("SMS_TEST_DATA")
    if not folder:
        assert not os.environ.get("CI"), "SMS_TEST_DATA must name the data folder in CI"
        pytest.skip("SMS_TEST_DATA names no data folder")
    rows = json.loads((Path(folder) / "segments_corpus.json").read_text("utf-8"))

    assert len(rows) == 145
    for row in rows:
        counted = count(row["text"])
        assert counted.encoding == row["encoding"], row["id"]
        assert counted.parts == row["ref"]["segments"], row["id"]
        expected = row["ref"]["units_per_segment"]
        assert list(counted.units_per_part) == expected, row["id"]
        if row["npm_equals_ref"]:
            assert counted.parts == row["segments"], row["id"]
            assert counted.units == row["units"], row["id"]


@pytest.mark.parametrize(
    ("text", "alphabet", "per_part", "left"),
    [
        ("", Encoding.GSM_7, (0,), 160),
        ("a" * 160, Encoding.GSM_7, (160,), 0),
        ("a" * 161, Encoding.GSM_7, (153, 8), 145),
        ("€" * 80, Encoding.GSM_7, (160,), 0),
        ("€" * 153, Encoding.GSM_7, (152, 152, 2), 151),
        ("a" * 152 + "€" * 5, Encoding.GSM_7, (152, 10), 143),
        ("ā" * 70, Encoding.UCS_2, (70,), 0),
        ("ā" * 71, Encoding.UCS_2, (67, 4), 63),
        ("ā" * 66 + "😀" * 3, Encoding.UCS_2, (66, 6), 61),
        ("ā€", Encoding.UCS_2, (2,), 68),
        ("\x1b", Encoding.UCS_2, (1,), 69),
    ],
)
def test_limits_are_160_153_and_70_67(text, alphabet, per_part, left):
    counted = count(text)

    assert counted.encoding == alphabet
    assert counted.units_per_part == per_part
    assert counted.units_left == left


def test_the_alphabet_has_127_letters_beside_the_escape_and_ten_escaped():
    assert len(set(GSM_BASIC)) == len(GSM_BASIC) == 127
    assert len(set(GSM_EXTENSION)) == len(GSM_EXTENSION) == 10


def test_normalize_composes_drops_zero_width_and_joins_line_ends():
    assert normalize("Ri\u0304\u200bga\r\n\ufeffso\u00addien") == "Rīga\nsodien"


@pytest.mark.parametrize("char", ["\t", "\r", "\x00", "\x1b", "\x7f", "\x85", "\ud83d"])
def test_control_characters_are_refused_with_their_line(char):
    with pytest.raises(InvalidBody, match=f"Line 2: .*U\\+{ord(char):04X}"):
        normalize(f"one\ntwo {char}x")


@given(TEXTS)
def test_a_normalized_text_stays_as_it_is(text):
    try:
        once = normalize(text)
    except InvalidBody:
        return
    assert normalize(once) == once


def test_keep_changes_nothing():
    assert apply_policy("„Šodien” — 20%…", KEEP) == "„Šodien” — 20%…"


def test_punctuation_is_made_plain_and_letters_are_kept():
    assert apply_policy("„Šodien” — 20\u00a0%…", PUNCTUATION) == '"Šodien" - 20 %...'


def test_strip_takes_the_marks_of_every_latvian_letter():
    letters = "āčēģīķļņšūžĀČĒĢĪĶĻŅŠŪŽ"

    assert apply_policy(letters, STRIP) == "acegiklnsuzACEGIKLNSUZ"


@pytest.mark.parametrize(
    ("text", "stripped"),
    [
        ("Łódź", "Lodz"),
        ("ąčęėįšųūž", "aceeisuuz"),
        ("õšž", "osz"),
        ("ǟ ấ ǘ", "ä a ü"),
        ("ç Ç", "c Ç"),
        ("þ œ ẞ", "th oe ß"),
        ("m\u0304", "m"),
        ("е\u0301 й ё Ώ", "е\u0301 й ё Ώ"),
        ("Šokolāde 🍫", "Sokolade 🍫"),
    ],
)
def test_strip_takes_marks_of_latin_letters_only(text, stripped):
    assert apply_policy(text, STRIP) == stripped


@given(st.text(st.sampled_from(GSM_BASIC + GSM_EXTENSION + "ā„…"), max_size=50))
def test_no_policy_touches_a_letter_that_gsm_has(text):
    gsm = set(GSM_BASIC + GSM_EXTENSION)
    for policy in EncodingPolicy:
        kept = "".join(c for c in text if c in gsm)
        left = apply_policy(text, policy)
        assert [c for c in kept if c in "äöéñ¿€£"] == [
            c for c in left if c in "äöéñ¿€£"
        ]
        if text == kept:
            assert left == text


def test_every_replacement_is_of_gsm_letters_and_replaces_none_of_them():
    gsm = set(GSM_BASIC + GSM_EXTENSION)
    for char, replacement in encoding._REPLACEMENTS.items():
        assert char not in gsm
        assert set(replacement) <= gsm, char
        assert len(char) == 1


def test_costly_letters_of_a_unicode_text_are_those_that_gsm_lacks():
    letters = costly_letters("Rīga: €5 — rīt 😀")

    assert [(x.char, x.count, x.positions, x.replacement) for x in letters] == [
        ("ī", 2, (1, 12), "i"),
        ("—", 1, (9,), "-"),
        ("😀", 1, (15,), ""),
    ]


def test_costly_letters_of_a_gsm_text_are_those_that_cost_two():
    letters = costly_letters("5 € [a] ä")

    assert [x.char for x in letters] == ["€", "[", "]"]
    assert costly_letters("plain ä") == ()
