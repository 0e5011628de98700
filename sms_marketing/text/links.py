"""A short link's token: which message, which link, and the proof that it is ours.

71 bits in 12 letters, no row in a table until the first click:

    key id 2 │ message id 34 │ position 3 │ seal 32
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms_marketing.core import tokens
from sms_marketing.exceptions import ConfigurationError

TOKEN_LENGTH = 12
# Positions 0–6 are the links of a body in order of appearance; 7 is the way out.
MAX_LINKS = 7
OPT_OUT_POSITION = 7
# Shown in previews: as long as a real one, and never one (beyond 71 bits).
PLACEHOLDER_TOKEN = "previewtoken"  # noqa: S105  (a word for the eye, opens nothing)

LinkKeys = Mapping[int, str | bytes]

_KEY_IDS = range(4)
_MESSAGE_IDS = range(2**34)
_POSITIONS = range(8)
_SEAL_BYTES = 4
_SEAL_BITS = 8 * _SEAL_BYTES
_LABEL = b"sms_marketing.link"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkToken:
    """What a genuine token says."""

    message_id: int
    position: int


def make_token(*, message_id: int, position: int, keys: LinkKeys) -> str:
    """Return the 12 letters of one link in one message.

    The highest key id signs, so a new key is added as the next id and old links live
    on as long as their key stays. Raises ConfigurationError without a usable key.
    """
    key_id = _newest(keys)
    if message_id not in _MESSAGE_IDS:
        raise ValueError("The message id does not fit into the 34 bits of a link.")
    if position not in _POSITIONS:
        raise ValueError("A link's position is 0 to 7.")
    body = (key_id << 34 | message_id) << 3 | position
    sealed = body << _SEAL_BITS | int.from_bytes(_seal(body, keys[key_id]))
    return tokens.encode(sealed, width=TOKEN_LENGTH)


def read_token(token: str, *, keys: LinkKeys) -> LinkToken | None:
    """Return what a token of ours says; None for any other text."""
    if len(token) != TOKEN_LENGTH or (sealed := tokens.decode(token)) is None:
        return None
    body, seal = sealed >> _SEAL_BITS, sealed & (1 << _SEAL_BITS) - 1
    key = keys.get(body >> 37)
    if not key:
        return None
    if not tokens.same_seal(seal.to_bytes(_SEAL_BYTES), _seal(body, key)):
        return None
    return LinkToken(message_id=body >> 3 & 2**34 - 1, position=body & 7)


def _newest(keys: LinkKeys) -> int:
    key_id = max(keys, default=None)
    if key_id is None:
        raise ConfigurationError(
            "LINK_KEYS is empty, so no link can be signed. "
            'Set SMS_MARKETING["LINK_KEYS"] = {0: "a long random text"}.'
        )
    if key_id not in _KEY_IDS or not keys[key_id]:
        raise ConfigurationError(
            "LINK_KEYS maps a key id of 0 to 3 to a secret that is not empty; "
            f"the entry {key_id!r} is not so."
        )
    return key_id


def _seal(body: int, key: str | bytes) -> bytes:
    return tokens.seal(
        body.to_bytes(_SEAL_BYTES + 1), key=key, label=_LABEL, size=_SEAL_BYTES
    )
