from __future__ import annotations

import pytest

from sms_marketing import text as letters
from sms_marketing.conversations import VOCABULARIES, answer_text, classify
from sms_marketing.conversations.answers import answer_language

ACTIONS = ("stop", "stop_all", "start", "help")


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("language", VOCABULARIES)
def test_every_answer_names_the_brand_and_fits_two_parts(brand, language, action):
    brand.name, brand.contact_email = "Vecrīgas Stils", "sveiki@vecrigasstils.lv"

    answer = answer_text(action, brand, language)

    assert "Vecrīgas Stils" in answer
    assert "{" not in answer
    assert letters.count(answer).parts <= 2
    assert ("sveiki@vecrigasstils.lv. " in answer) is (action == "help")


@pytest.mark.parametrize("language", VOCABULARIES)
def test_word_that_an_answer_proposes_is_understood(brand, language):
    for action, word, expected in (
        ("stop", "START", "start"),
        ("stop_all", "START", "start"),
        ("start", "STOP", "stop"),
        ("help", "STOP", "stop"),
    ):
        assert word in answer_text(action, brand, language)
        assert classify(word, languages=[language, "en"]).action == expected


def test_help_without_an_address_still_says_how_to_stop(brand):
    brand.contact_email = ""

    assert answer_text("help", brand, "en") == "VSTe. To get no more SMS, reply STOP"


def test_help_is_the_brands_own_text_where_there_is_one(brand):
    brand.help_text = {"lv": "Zvaniet mums.", "ru": "  "}
    brand.languages = ["lv", "en"]

    assert answer_text("help", brand, "lv-lv") == "Zvaniet mums."
    assert answer_text("help", brand, "ru") == "Zvaniet mums."
    assert "Zvaniet" not in answer_text("stop", brand, "lv")
    brand.help_text = None
    assert "STOP" in answer_text("help", brand, "lv")


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["ru", "lv"], "ru"),
        (["lv-LV"], "lv"),
        (["", "et", "ru"], "ru"),
        (["et"], "en"),
        ([], "en"),
    ],
)
def test_answer_language_is_the_first_that_we_write(wanted, language):
    assert answer_language(wanted) == language
