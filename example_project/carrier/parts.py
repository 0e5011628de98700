"""Counts the billable parts of a text as a carrier does, by GSM 03.38.

Written apart from the product's own counter on purpose: a judge does not ask the
accused.
"""

from __future__ import annotations

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")


def count_parts(text: str) -> int:
    """Return how many SMS this text is billed as; an empty one is billed as one."""
    if all(letter in _BASIC or letter in _EXTENDED for letter in text):
        widths = [2 if letter in _EXTENDED else 1 for letter in text]
        return _count(widths, alone=160, joined=153)
    # UCS-2 counts 16-bit units; a letter beyond them is a pair that stays together.
    widths = [2 if ord(letter) > 0xFFFF else 1 for letter in text]
    return _count(widths, alone=70, joined=67)


def _count(widths: list[int], *, alone: int, joined: int) -> int:
    if sum(widths) <= alone:
        return 1
    parts, used = 1, 0
    for width in widths:
        if used + width > joined:
            parts, used = parts + 1, 0
        used += width
    return parts
