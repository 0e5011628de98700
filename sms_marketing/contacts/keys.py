"""Words and numbers as they are compared, and the secrets they are hashed with."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping

from sms_marketing.conf import settings
from sms_marketing.exceptions import ConfigurationError

#: Length of the key columns: a label of 80 letters may grow when it is casefolded.
KEY_LENGTH = 120

NO_KEYS = (
    'SMS_MARKETING["LEDGER_KEYS"] is empty: set it to {"2026": "…"}, a secret of at '
    "least 32 characters that is kept apart from SECRET_KEY and from backups."
)


def key_of(text: str) -> str:
    """Return a word as rules compare it: NFC, single spaces, casefold, accents kept.

    "  RĪGA " and "Rīga" are one city, "Riga" is another (R14).
    """
    folded = " ".join(unicodedata.normalize("NFC", text).split()).casefold()
    return unicodedata.normalize("NFC", folded)[:KEY_LENGTH]


def phone_hash(phone: str) -> str:
    """Return the keyed hash by which a number in E.164 is known after erasure.

    Under the *first* ledger key for ever: a plain hash of a Latvian mobile number is
    found again by trying ten million of them. Raises ConfigurationError without keys.
    """
    return keyed_hash(f"phone:{phone}")


def keyed_hash(*parts: str) -> str:
    """A hash of several texts that nobody can try out without our first key."""
    secret = next(iter(ledger_keys().values()))
    return keyed_digest(secret, "\x1f".join(parts))


def signing_key_id() -> str:
    """The id of the key that signs new records: the last one."""
    return list(ledger_keys())[-1]


def ledger_keys() -> Mapping[str, str]:
    """The secrets of the ledger by id, oldest first."""
    keys = settings().LEDGER_KEYS
    if not keys:
        raise ConfigurationError(NO_KEYS)
    return keys


def keyed_digest(secret: str, text: str) -> str:
    """HMAC-SHA256 as 64 hex digits."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def storable(text: str) -> str:
    """Return the text as every database can keep it and give it back unchanged.

    PostgreSQL takes no NUL; no database takes half of a surrogate pair.
    """
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
