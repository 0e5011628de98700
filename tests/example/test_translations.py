"""The shop speaks three languages: nothing shown is left untranslated."""

from __future__ import annotations

import gettext
import re
from pathlib import Path

import pytest

from example_project import shop
from example_project.shop.catalogue import PRODUCTS

FOLDER = Path(shop.__file__).parent
SHOWN = re.compile(r"""{% translate ["'](.+?)["'](?: context "(.+?)")? %}""")


def catalog(language: str) -> dict[str, str]:
    """What the compiled file says, by source text."""
    path = FOLDER / "locale" / language / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", ["lv", "ru"])
def test_every_text_of_the_templates_is_translated(language: str) -> None:
    known = catalog(language)

    seen = 0
    for template in sorted(FOLDER.glob("templates/**/*.html")):
        for text, context in SHOWN.findall(template.read_text()):
            key = f"{context}\x04{text}" if context else text
            assert known.get(key), f"{template.name}: {text}"
            seen += 1
    assert seen > 40


@pytest.mark.parametrize("language", ["lv", "ru"])
def test_everything_on_the_shelf_has_a_name_in_each_language(language: str) -> None:
    known = catalog(language)

    for name, *_rest, description in PRODUCTS:
        assert known[name] != name
        assert known[description] != description


def test_both_languages_translate_the_same_texts() -> None:
    latvian, russian = catalog("lv"), catalog("ru")

    def singular(key: object) -> bool:
        return isinstance(key, str)

    assert set(filter(singular, latvian)) == set(filter(singular, russian))
