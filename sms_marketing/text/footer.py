"""The sender's name in front and the way out behind: each once, and short."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from sms_marketing.text import encoding

_URL = re.compile(r"https?://\S+", re.IGNORECASE)

# (who can answer, who cannot). Latvian and English stay in GSM-7: an accent here would
# turn a message of 160 letters into three parts.
_OPT_OUT = {
    "en": ("Opt out: STOP", "Opt out: {link}"),
    "lv": ("Atteikties: STOP", "Atteikties: {link}"),
    "ru": ("Отписка: СТОП", "Отписка: {link}"),
}
_FALLBACK = "en"


def compose(body: str, *, brand_name: str, opt_out_line: str) -> str:
    """Return the whole message: brand in front, opt-out line on a line of its own.

    Neither is added where the body has it: the brand as a word of the text (in a web
    address it names nobody), the whole line anywhere. The link alone is no way out: in
    a preview every link reads the same, and the preview must be what is sent (R9).
    Composing twice changes nothing. An empty brand or line is left out.
    """
    text = encoding.normalize(body).strip()
    brand = encoding.normalize(brand_name).strip()
    line = encoding.normalize(opt_out_line).strip()
    if brand and not _as_word(brand)(_URL.sub(" ", text).casefold()):
        text = f"{brand}: {text}"
    if line and line.casefold() not in text.casefold():
        text = f"{text}\n{line}"
    return text


def opt_out_line(*, language: str, two_way: bool, link: str) -> str:
    """Return the words that tell a recipient how to stop the messages.

    A two-way sender takes the answer STOP; a one-way one (a name) needs the link.
    Other languages than Latvian, English and Russian read English.
    """
    tag = re.split("[-_]", language.lower(), maxsplit=1)[0]
    answer, visit = _OPT_OUT.get(tag, _OPT_OUT[_FALLBACK])
    return answer if two_way else visit.format(link=link)


@lru_cache(maxsize=64)
def _as_word(brand: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(rf"(?<!\w){re.escape(brand.casefold())}(?!\w)").search
