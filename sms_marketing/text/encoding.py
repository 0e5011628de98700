"""What a text costs on the air: alphabet, parts, and the letters that cost money.

Tables: 3GPP TS 23.038 §6.2.1 (GSM 7-bit), 3GPP TS 23.040 §9.2.3.24 (joined parts).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from sms_marketing.exceptions import InvalidBody

# Code 0x1B is the escape itself, never a letter of a text.
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Sent as escape + code: two septets each.
GSM_EXTENSION = "\f^{}\\[~]|€"

_GSM = frozenset(GSM_BASIC + GSM_EXTENSION)
_all_basic = re.compile(f"[{re.escape(GSM_BASIC)}]*").fullmatch
_all_gsm = re.compile(f"[{re.escape(GSM_BASIC + GSM_EXTENSION)}]*").fullmatch
_ESCAPED = re.compile(f"[{re.escape(GSM_EXTENSION)}]")
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")

# Units are written out, two for a wide letter, so that a cut is plain slicing; the
# first of the two is what a cut may not follow.
_LEAD = "\ud800"
_PAIR = "\ud800\udc00"

_DROPPED = re.compile("[\u200b\ufeff\u00ad]")
_REFUSED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Encoding(StrEnum):
    """The two alphabets that an SMS can be written in."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


class EncodingPolicy(StrEnum):
    """What may be changed in a text so that it costs less."""

    KEEP = "keep"
    PUNCTUATION = "punctuation"
    STRIP = "strip"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartCount:
    """What a text costs: its parts, in units of its alphabet."""

    encoding: Encoding
    parts: int
    units: int
    units_per_part: tuple[int, ...]
    units_left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CostlyLetter:
    """A letter that forces Unicode, or costs two units; and what could replace it."""

    char: str
    count: int
    positions: tuple[int, ...]
    replacement: str


# (one part, each of several), in units; the difference is the header of joined parts.
_LIMITS = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}


def count(text: str) -> PartCount:
    """Count the parts of a text exactly as a handset receives them.

    The empty text is one part of no units, as gateways bill it.
    """
    encoding, units = _as_units(text)
    return _part_count(encoding, _cut(encoding, units))


def split(text: str) -> list[str]:
    """Return the text of each part; joined they are the text."""
    encoding, units = _as_units(text)
    parts = []
    unit = letter = 0
    for size in _cut(encoding, units):
        letters = size - units.count(_LEAD, unit, unit + size)
        parts.append(text[letter : letter + letters])
        unit, letter = unit + size, letter + letters
    return parts


def normalize(text: str) -> str:
    """Bring a text to the one form that is counted and sent.

    NFC, line feeds, no zero-width spaces. Raises InvalidBody for control characters:
    carriers drop them, or refuse the message.
    """
    text = text.replace("\r\n", "\n")
    if refused := _REFUSED.search(text):
        line = text.count("\n", 0, refused.start()) + 1
        name = f"U+{ord(refused[0]):04X}"
        raise InvalidBody(
            f"Line {line}: the text holds the control character {name}. Delete it."
        )
    return unicodedata.normalize("NFC", _DROPPED.sub("", text))


def clean(value: str) -> str:
    """Bring a merge field's value to letters that ``normalize`` accepts.

    A tab in one contact's name is no reason to leave that contact out.
    """
    return _REFUSED.sub(" ", _DROPPED.sub("", value.replace("\r\n", "\n")))


def apply_policy(text: str, policy: EncodingPolicy) -> str:
    """Replace what the policy allows; a letter that GSM-7 has is never touched.

    The text is a normalized one. Other scripts than Latin are left as they are.
    """
    if policy == EncodingPolicy.KEEP or _all_gsm(text):
        return text
    if policy == EncodingPolicy.PUNCTUATION:
        return text.translate(_PUNCTUATION_TABLE)
    return _LATIN_MARKS.sub("", text.translate(_STRIP_TABLE))


def costly_letters(text: str) -> tuple[CostlyLetter, ...]:
    """List what makes the text dear, in order of appearance.

    In a Unicode text: the letters that GSM-7 lacks. In a GSM-7 text: those that cost
    two units. The replacement is what the *strip* policy would write, if anything.
    """
    positions: dict[str, list[int]] = {}
    cheap = GSM_BASIC if _all_gsm(text) else _GSM
    for position, char in enumerate(text):
        if char not in cheap:
            positions.setdefault(char, []).append(position)
    return tuple(
        CostlyLetter(
            char=char,
            count=len(found),
            positions=tuple(found),
            replacement=_REPLACEMENTS.get(char, ""),
        )
        for char, found in positions.items()
    )


def _as_units(text: str) -> tuple[Encoding, str]:
    if _all_basic(text):
        return Encoding.GSM_7, text
    if _all_gsm(text):
        return Encoding.GSM_7, _ESCAPED.sub(_PAIR, text)
    return Encoding.UCS_2, _ASTRAL.sub(_PAIR, text)


def _cut(encoding: Encoding, units: str) -> tuple[int, ...]:
    single, joined = _LIMITS[encoding]
    left = len(units)
    if left <= single:
        return (left,)
    sizes = []
    start = 0
    while left > joined:
        size = joined - (units[start + joined - 1] == _LEAD)
        sizes.append(size)
        start += size
        left -= size
    return (*sizes, left)


# A campaign's texts differ by a few letters: the same few answers, 0.1 µs against 1.
@lru_cache(maxsize=1024)
def _part_count(encoding: Encoding, sizes: tuple[int, ...]) -> PartCount:
    limit = _LIMITS[encoding][len(sizes) > 1]
    return PartCount(
        encoding=encoding,
        parts=len(sizes),
        units=sum(sizes),
        units_per_part=sizes,
        units_left=limit - sizes[-1],
    )


def _to_gsm(letter: str) -> str:
    """Take marks off a Latin letter, outermost first, until GSM-7 has it (ǟ → ä)."""
    while letter not in _GSM:
        base = unicodedata.decomposition(letter).split(" ")[0]
        if not base or base.startswith("<"):
            return ""
        letter = chr(int(base, 16))
    return letter


def _latin_letters() -> dict[str, str]:
    blocks = (range(0xC0, 0x250), range(0x1E00, 0x1F00))
    latin = (
        char
        for block in blocks
        for char in map(chr, block)
        if char not in _GSM and unicodedata.name(char, "").startswith("LATIN")
    )
    return {char: base for char in latin if (base := _to_gsm(char))} | _UNDIVIDED


# Latin letters that Unicode does not take apart.
_UNDIVIDED = {
    "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k",
    "ł": "l", "Ł": "L", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "þ": "th", "Þ": "Th",
    "œ": "oe", "Œ": "OE", "ſ": "s", "ẞ": "ß", "ŉ": "'n", "ŀ": "l", "Ŀ": "L",
    "ĳ": "ij", "Ĳ": "IJ", "ƒ": "f", "ə": "e", "Ə": "E",
}  # fmt: skip

_PUNCTUATION = {
    **dict.fromkeys("‘’‚‛′‹›ʼʻ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−•‣⁃", "-"),
    **dict.fromkeys("\t\u00a0\u202f\u205f\u3000", " "),
    **{chr(space): " " for space in range(0x2000, 0x200B)},
    **dict.fromkeys("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060", ""),
    "…": "...", "·": ".", "×": "x", "⁄": "/", "∕": "/", "‼": "!!", "⁇": "??",
    "½": "1/2", "¼": "1/4", "¾": "3/4", "№": "No.",
    "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip

_REPLACEMENTS = _PUNCTUATION | _latin_letters()
_PUNCTUATION_TABLE = str.maketrans(_PUNCTUATION)
_STRIP_TABLE = str.maketrans(_REPLACEMENTS)
# A mark that has no composed letter (m̄) stands alone behind its letter.
_LATIN_MARKS = re.compile("(?<=[A-Za-zÀ-ÖØ-öø-ÿ])[\u0300-\u036f]+")
