"""Latvian and Russian say all that English says, with the same facts in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.urls import reverse
from django.utils import translation
from django.utils.translation import ngettext

import sms_marketing
from sms_marketing import segments, text
from sms_marketing.conf import settings
from sms_marketing.models import CampaignStatus, Category, ConsentStatus, MessageStatus
from tests.factories import make_campaign, make_contact, make_message

LOCALE = Path(sms_marketing.__file__).parent / "locale"
LANGUAGES = ("lv", "ru")
# What a text is filled with, or what a template reads: %(name)s, %d, {{ … }}, <code>.
PLACEHOLDER = re.compile(r"%\(\w+\)[\d.]*[sdf]|%[sd]|\{\{|\}\}|</?\w+>")
LINE = re.compile(r'(msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?)? ?(".*")$')
# The same word in every language.
SAME = {"ID", "MAC", "SMS", "__str__"}


def entries(language: str) -> list[dict[str, str]]:
    """Read a catalogue: one dict for each text, by the keywords of the file."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    found = []
    for block in path.read_text(encoding="utf-8").split("\n\n")[1:]:
        entry: dict[str, str] = {}
        keyword = ""
        for line in block.splitlines():
            if match := LINE.match(line):
                keyword = match[1] or keyword
                entry[keyword] = entry.get(keyword, "") + ast.literal_eval(match[2])
        found.append(entry)
    return found


def translations(entry: dict[str, str]) -> list[str]:
    return [said for keyword, said in entry.items() if keyword.startswith("msgstr")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_left_in_english(language):
    catalogue = entries(language)

    assert len(catalogue) > 600
    assert [entry for entry in catalogue if not all(translations(entry))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_loses_a_placeholder(language):
    wrong = [
        (entry["msgid"], said)
        for entry in entries(language)
        for said in translations(entry)
        if sorted(PLACEHOLDER.findall(said))
        != sorted(PLACEHOLDER.findall(entry.get("msgid_plural", entry["msgid"])))
    ]

    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_pieces_of_a_sentence_keep_the_spaces_around_them(language):
    def ends(words: str) -> tuple[bool, bool]:
        return words.startswith(" "), words.endswith(" ")

    wrong = [
        (entry["msgid"], said)
        for entry in entries(language)
        for said in translations(entry)
        if ends(said) != ends(entry["msgid"])
    ]

    assert wrong == []


def test_statuses_are_latvian_and_agree_with_their_noun():
    with translation.override("lv"):
        assert str(MessageStatus.QUEUED.label) == "rindā"
        assert str(MessageStatus.UNCONFIRMED.label) == "neapstiprināts"
        assert str(MessageStatus.CANCELED.label) == "atcelts"  # ziņojums
        assert str(CampaignStatus.CANCELED.label) == "atcelta"  # kampaņa
        assert str(ConsentStatus.OPTED_OUT.label) == "ir atteikums"


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("lv", 0, "0 cilvēku"),
        ("lv", 1, "1 cilvēks"),
        ("lv", 2, "2 cilvēki"),
        ("lv", 11, "11 cilvēki"),
        ("lv", 21, "21 cilvēks"),
        ("ru", 1, "1 человек"),
        ("ru", 3, "3 человека"),
        ("ru", 5, "5 человек"),
    ],
)
def test_plurals_follow_the_number(language, count, said):
    with translation.override(language):
        words = ngettext("%(count)s person", "%(count)s people", count)

    assert words % {"count": count} == said


@pytest.mark.parametrize(
    ("language", "said"),
    [("lv", "Pilsēta ir „Rīga” vai „Cēsis”"), ("ru", "Город: «Rīga» или «Cēsis»")],
)
def test_a_rule_is_told_in_the_language_in_force(language, said):
    with translation.override(language):
        assert segments.describe(
            {"kind": "city", "op": "in", "value": ["Rīga", "Cēsis"]}
        ) == [said]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "asked", "done"),
    [
        ("lv", "Vairs nesaņemt reklāmas īsziņas?", "Reklāmas īsziņu vairs nebūs."),
        ("ru", "Больше не получать рекламные SMS?", "Рекламных SMS больше не будет."),
    ],
)
def test_the_opt_out_page_speaks_the_language_of_the_message(
    client, language, asked, done
):
    message = make_message(
        contact=make_contact(), category=Category.MARKETING, language=language
    )
    token = text.make_token(
        message_id=message.pk,
        position=text.OPT_OUT_POSITION,
        keys=settings().LINK_KEYS,
    )
    address = reverse("sms_marketing:opt-out", args=[token])

    # Not the language of the browser.
    page = client.get(address, headers={"Accept-Language": "en"}).content.decode()
    after = client.post(address, headers={"Accept-Language": "en"}).content.decode()

    assert f'<html lang="{language}">' in page
    assert asked in page
    assert done in after


@pytest.mark.django_db
def test_a_marketer_writes_a_campaign_in_latvian(admin_client):
    campaign = make_campaign()

    page = admin_client.get(
        reverse("admin:sms_marketing_campaign_change", args=[campaign.pk]),
        headers={"Accept-Language": "lv"},
    ).content.decode()

    for words in ("Zīmols", "Auditorija", "Saglabāt un palaist…", "Priekšskatījums"):
        assert words in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_column_and_filter_of_the_admin_has_a_translated_name(language):
    english = []
    for model, screen in admin.site._registry.items():
        if model._meta.app_label != "sms_marketing":
            continue
        for name in [*screen.list_display, *screen.list_filter]:
            assert isinstance(name, str)
            with translation.override("en"):
                before = str(label_for_field(name, model, screen))
            with translation.override(language):
                after = str(label_for_field(name, model, screen))
            if before == after and before not in SAME:
                english.append(f"{model.__name__}.{name}")

    assert english == []
