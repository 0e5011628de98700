from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.conversations import VOCABULARIES, classify
from sms_marketing.conversations.keywords import NOTHING

LANGUAGES = ("lv", "en", "ru")
NAMES = ("Vecrīgas Stils", "vste")

STOP = {
    # as the vendors take it
    "STOP": "",
    "stop": "",
    "Stop.": "",
    "UNSUBSCRIBE": "en",
    "Cancel": "en",
    "END": "en",
    "quit": "en",
    "Revoke": "en",
    "OPTOUT": "en",
    "Opt out": "en",
    "opt-out": "en",
    "remove": "en",
    # Latvian, with and without accents
    "Stopp": "lv",
    "atteikties": "lv",
    "Atteiktos": "lv",
    "ATSAKOS": "lv",
    "atteikums": "lv",
    "atrakstīties": "lv",
    "atrakstities": "lv",
    "Atcelt!": "lv",
    "pārtraukt": "lv",
    "Partrauciet": "lv",
    "beigt": "lv",
    "Pietiek!!!": "lv",
    "nesūtīt": "lv",
    "Nesutiet": "lv",
    "Vairs nesūtiet": "lv",
    "nesūtiet vairs, lūdzu": "lv",
    "nevajag": "lv",
    "izbeigt": "lv",
    "dzēst": "lv",
    # Russian, translit and the wrong keyboard
    "СТОП": "ru",
    "стоп!": "ru",
    "Отписаться": "ru",
    "отписка": "ru",
    "отпишите меня": "ru",
    "отказ": "ru",
    "отказаться": "ru",
    "Отмена": "ru",
    "хватит": "ru",
    "Прекратите": "ru",
    "не присылайте": "ru",
    "Больше не пишите!": "ru",
    "otpiska": "ru",
    "otpisatsya": "ru",
    "Otkaz": "ru",
    "ыещз": "",
    "cnjg": "ru",
    "[dfnbn": "ru",
    "STОP": "",  # a Cyrillic О
    # how people type
    "«Stop!»": "",
    "STOP 🙏": "",
    "ＳＴＯＰ": "",
    "st\u200bop": "",
    "s t o p": "",
    "S.T.O.P.": "",
    "с т о п": "ru",
    "stopppp": "",
    "STOOOOP": "",
    "стоооп": "ru",
    "atteeikties": "lv",
    "STOP\n\nSent from my iPhone": "",
    "\n  \nstop\nNosūtīts no mana telefona": "",
    "Atsakos!\nPaldies": "lv",
    # with what may stand beside it
    "STOP please": "",
    "please stop": "",
    "Stop, lūdzu": "",
    "Lūdzu, atteikties": "lv",
    "СТОП пожалуйста": "ru",
    "stop thank you": "",
    "STOP sms": "",
    "stop reklāmas": "",
    "стоп реклама": "ru",
    "STOP 36123": "",
    "STOP +371 20 000 000": "",
    "STOP Vecrīgas Stils": "",
    "stop vecrigas stils please": "",
    "STOP VSTE": "",
    # louder and louder
    "STOP STOP STOP!!!": "",
    "Stop! Vairs nesūtiet!": "",
    "стоп, не пишите больше": "ru",
    "pietiek, stop sms": "lv",
}
STOP_ALL = {
    "STOP ALL": "en",
    "stopall": "en",
    "Stop all please": "en",
    "unsubscribe all": "en",
    "STOP EVERYTHING": "",
    "STOP VISI": "",
    "Stop visu!": "",
    "VISI": "lv",
    "atcelt visu": "lv",
    "atsakos, viss": "lv",
    "СТОП ВСЁ": "ru",
    "стоп все": "ru",
    "хватит всего": "ru",
    "отписаться от всего": "ru",
    "stop all sms": "en",
    "STOP VSTE ALL": "",
    "stop. stop all.": "en",
}
START = {
    "START": "en",
    "start!": "en",
    "UNSTOP": "en",
    "Subscribe": "en",
    "SĀKT": "lv",
    "sakt": "lv",
    "pieteikties": "lv",
    "Piekrītu": "lv",
    "СТАРТ": "ru",
    "подписаться": "ru",
    "cnfhn": "ru",
    "START VSTE": "en",
    "start please": "en",
    "START ALL": "en",
}
HELP = {
    "HELP": "en",
    "Help please!": "en",
    "INFO": "",
    "palīdzība": "lv",
    "Palidziba": "lv",
    "помощь": "ru",
    "HELP\nSent from my phone": "en",
}
NOTHING_AT_ALL = [
    "What stop do I get off?",
    "bus stop",
    "Don't stop!",
    "Dont stop",
    "when does the sale end?",
    "cancel my order 123",
    "cancel my appointment",
    "fin de semaine",
    "stop-cena",
    "Stop cena!",
    "стоп-кадр",
    "alto",
    "UIT",
    "uit eten vanavond",
    "fine",
    "slut",
    "basta",
    "Yes",
    "YES!",
    "JĀ",
    "ja",
    "ДА",
    "Y",
    "NO",
    "No.",
    "NĒ",
    "ne",
    "НЕТ",
    "NE",
    "EI",
    "NON",
    "NEIN",
    "Vai varu atcelt pasūtījumu?",
    "Не могу отказаться от вашего магазина",
    "I never stop buying",
    "start the car",
    "Can you help me with my order",
    "more info about shoes",
    "Visi atnāks uz pasākumu",
    "All",
    "please",
    "lūdzu",
    "Paldies",
    "123",
    "",
    "   \n ",
    "🙂",
    "stopper",
    "unstoppable",
    "weekend",
    "Vecrīgas Stils",
    "стопка",
    "отказник",
    "s t",
    "Hi\nSTOP is a nice word",
    "stop stop start",
    "Stop, nesūtiet uz veco adresi",
    "stop " * 5000 + "it",
]


def verdict(text):
    return classify(text, languages=LANGUAGES, names=NAMES)


@pytest.mark.parametrize(
    ("action", "text", "language"),
    [
        (action, text, language)
        for action, table in (
            ("stop", STOP),
            ("stop_all", STOP_ALL),
            ("start", START),
            ("help", HELP),
        )
        for text, language in table.items()
    ],
)
def test_whole_message_is_a_keyword(action, text, language):
    found = verdict(text)

    assert (found.action, found.language) == (action, language)
    assert found.rule.startswith("A:")


@pytest.mark.parametrize("text", NOTHING_AT_ALL)
def test_words_inside_a_sentence_ask_for_nothing(text):
    assert verdict(text) == NOTHING


def test_tables_above_are_as_large_as_they_claim():
    assert len(STOP) + len(STOP_ALL) + len(START) + len(HELP) > 100
    assert len(NOTHING_AT_ALL) > 40


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize(
    ("part", "action"),
    [
        ("opt_out", "stop"),
        ("opt_out_all", "stop_all"),
        ("opt_in", "start"),
        ("help", "help"),
    ],
)
def test_every_word_of_every_vocabulary_does_what_it_says(code, part, action):
    for phrase in getattr(VOCABULARIES[code], part):
        for text in (phrase, phrase.upper(), f" {phrase}! ", f"{phrase}\n--\nAnna"):
            assert classify(text, languages=[code]).action == action
            assert classify(text, languages=LANGUAGES).action == action


def test_rule_names_the_word():
    assert verdict("Atsakos!!!").rule == "A:atsakos"
    assert verdict("stop visi").rule == "A:stop all"


def test_only_the_languages_named_count():
    assert classify("отписаться", languages=["lv", "en"]) == NOTHING
    assert classify("stop", languages=["lv"]).language == "lv"
    assert classify("stop", languages=["xx"]) == NOTHING
    assert classify("stop", languages=[]) == NOTHING


def test_another_language_is_one_entry_and_stopping_goes_before_the_rest(monkeypatch):
    estonian = dataclasses.replace(
        VOCABULARIES["en"],
        opt_out=("lõpeta",),
        opt_out_all=("lõpeta kõik",),
        opt_in=("alusta",),
        help=("abi", "stop"),
    )
    monkeypatch.setitem(VOCABULARIES, "et", estonian)

    def asked(text):
        return classify(text, languages=["et", "en"])

    assert (asked("Lopeta!").action, asked("Lopeta!").language) == ("stop", "et")
    assert asked("lõpeta kõik").action == "stop_all"
    assert asked("stop").action == "stop"
    assert asked("abi").action == "help"


def test_name_of_a_brand_counts_only_for_that_brand():
    assert classify("stop vste", languages=LANGUAGES) == NOTHING
    assert classify("stop vste", languages=LANGUAGES, names=["", "VSTe"]).action


@given(st.text(max_size=40))
def test_any_text_gets_a_verdict(text):
    assert verdict(text).action in {"", "stop", "stop_all", "start", "help"}


@given(st.sampled_from(["stop", "стоп", "atsakos"]), st.text("!?.,-…* ", max_size=8))
def test_r1_marks_around_the_word_never_hide_it(word, marks):
    assert verdict(f"{marks}{word.title()}{marks}").action == "stop"
