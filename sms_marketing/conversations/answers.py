"""What we answer to STOP, START and HELP, in the language of the one who wrote."""

from __future__ import annotations

from collections.abc import Iterable

from sms_marketing.conversations.words import VOCABULARIES
from sms_marketing.models import Brand, InboundMessage

LAST_RESORT = "en"


def answer_text(action: str, brand: Brand, language: str) -> str:
    """Return the answer in this language, else in the brand's own, else in English.

    HELP is the brand's own text where it wrote one; by default its name, its e-mail and
    how to stop. Free of advertising, as the confirmation of a STOP has to be.
    """
    wanted = (language, brand.fallback_language, LAST_RESORT)
    if action == InboundMessage.Action.HELP and (own := _own_help(brand, wanted)):
        return own
    answers = VOCABULARIES[answer_language(wanted)].answers
    contact = f"{brand.contact_email}. " if brand.contact_email else ""
    text: str = getattr(answers, action)
    return text.format(brand=brand.name, contact=contact)


def answer_language(wanted: Iterable[str]) -> str:
    """The first of these languages that we can answer in."""
    for language in wanted:
        for code in _with_base(language):
            if code in VOCABULARIES:
                return code
    return LAST_RESORT


def _own_help(brand: Brand, wanted: Iterable[str]) -> str:
    texts = brand.help_text or {}
    for language in wanted:
        for code in _with_base(language):
            if text := str(texts.get(code) or "").strip():
                return text
    return ""


def _with_base(language: str) -> tuple[str, str]:
    return language, language.partition("-")[0]
