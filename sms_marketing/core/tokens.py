"""Short unguessable tokens: numbers in base62 and the seal that proves them ours."""

from __future__ import annotations

import hmac

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

# Two letters a step: half the divisions of one letter a step.
_PAIRS = tuple(a + b for a in ALPHABET for b in ALPHABET)
_PAIR_VALUES = {pair: value for value, pair in enumerate(_PAIRS)}
_BASE = len(_PAIRS)


def encode(number: int, *, width: int) -> str:
    """Write a number in base62, in exactly ``width`` letters (an even number)."""
    pairs = []
    for _ in range(width // 2):
        number, rest = divmod(number, _BASE)
        pairs.append(_PAIRS[rest])
    if number or width % 2:
        raise ValueError(f"The number does not fit into {width} letters of base62.")
    pairs.reverse()
    return "".join(pairs)


def decode(text: str) -> int | None:
    """Read what ``encode`` wrote; None for anything else, never an error."""
    number = 0
    for start in range(0, len(text), 2):
        value = _PAIR_VALUES.get(text[start : start + 2])
        if value is None:
            return None
        number = number * _BASE + value
    return number


def seal(message: bytes, *, key: str | bytes, label: bytes, size: int) -> bytes:
    """Return the first ``size`` bytes of HMAC-SHA256 over a labelled message.

    The label is the purpose: a seal of one purpose proves nothing for another.
    """
    secret = key.encode() if isinstance(key, str) else key
    return hmac.digest(secret, label + b"\x00" + message, "sha256")[:size]


def same_seal(one: bytes, other: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(one, other)
