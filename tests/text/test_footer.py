"""The sender is named once, the way out stands once, and neither costs a part."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.text import Encoding, count
from sms_marketing.text.footer import compose, opt_out_line

LINK = "https://s.lv/AbCdEfGh1234"
LINE = f"Opt out: {LINK}"


def test_the_brand_stands_in_front_and_the_way_out_behind():
    assert compose("Sale today!", brand_name="VSTe", opt_out_line=LINE) == (
        f"VSTe: Sale today!\n{LINE}"
    )


@pytest.mark.parametrize(
    "body",
    ["VSTe: sale", "Sale at vste today", "Nāc uz VSTE!", "(VSTe)", "Your VSTe-card"],
)
def test_a_brand_that_the_text_names_is_not_put_in_front(body):
    assert compose(body, brand_name="VSTe", opt_out_line="") == body


@pytest.mark.parametrize(
    "body", ["VSTelegram news", "overVSTe", "Sale: https://vste.lv/a"]
)
def test_a_part_of_a_word_or_an_address_names_nobody(body):
    assert compose(body, brand_name="VSTe", opt_out_line="") == f"VSTe: {body}"


def test_a_brand_may_hold_any_sign():
    assert compose("Sale", brand_name="A+ (B)", opt_out_line="") == "A+ (B): Sale"
    assert compose("At a+ (b)!", brand_name="A+ (B)", opt_out_line="") == "At a+ (b)!"


def test_a_way_out_that_the_text_has_is_not_repeated():
    body = f"VSTe: Sale. OPT OUT: {LINK} Bye"

    assert compose(body, brand_name="VSTe", opt_out_line=LINE) == body


def test_r9_a_previews_links_are_alike_and_still_the_way_out_is_added():
    body = f"VSTe: Sale {LINK}"

    assert compose(body, brand_name="VSTe", opt_out_line=LINE) == f"{body}\n{LINE}"


def test_the_word_stop_alone_is_no_way_out():
    body = "VSTe: STOP! Last chance"

    assert compose(body, brand_name="VSTe", opt_out_line="Opt out: STOP") == (
        f"{body}\nOpt out: STOP"
    )


def test_an_empty_brand_and_an_empty_line_are_left_out():
    assert compose(" Your order is ready \n", brand_name="", opt_out_line="") == (
        "Your order is ready"
    )


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=40),
    st.sampled_from(["VSTe", "ß & Co", "Ē+", "i\u0307", ""]),
    st.sampled_from([LINE, "Atteikties: STOP", "Отписка: СТОП", ""]),
)
def test_composing_twice_changes_nothing(body, brand_name, opt_out_line):
    once = compose(body, brand_name=brand_name, opt_out_line=opt_out_line)

    assert compose(once, brand_name=brand_name, opt_out_line=opt_out_line) == once


@pytest.mark.parametrize(
    ("language", "two_way", "line"),
    [
        ("en", True, "Opt out: STOP"),
        ("en", False, f"Opt out: {LINK}"),
        ("lv", True, "Atteikties: STOP"),
        ("lv-LV", False, f"Atteikties: {LINK}"),
        ("ru_RU", True, "Отписка: СТОП"),
        ("RU", False, f"Отписка: {LINK}"),
        ("de", False, f"Opt out: {LINK}"),
        ("", True, "Opt out: STOP"),
    ],
)
def test_the_way_out_is_told_in_the_language_of_the_recipient(language, two_way, line):
    assert opt_out_line(language=language, two_way=two_way, link=LINK) == line


@pytest.mark.parametrize("language", ["en", "lv"])
@pytest.mark.parametrize("two_way", [True, False])
def test_the_way_out_never_forces_unicode(language, two_way):
    line = opt_out_line(language=language, two_way=two_way, link=LINK)

    assert count(line).encoding == Encoding.GSM_7
    assert len(line) <= len("Atteikties: ") + len(LINK)
