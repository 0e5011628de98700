"""Proofs that a callback comes from the vendor: keyed hashes and shared secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable

from sms_marketing.core import clock
from sms_marketing.exceptions import ProviderError

# The ``kind`` of a ProviderError for a callback that the vendor did not make.
FORGED = "forged"


def hmac_sha256_hex(secret: str, message: bytes) -> str:
    """The keyed SHA-256 of a message in lower-case hexadecimal."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def hmac_sha256_base64(secret: str, message: bytes) -> str:
    """The keyed SHA-256 of a message in standard base64."""
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def same(left: str, right: str) -> bool:
    """Compare in a time that does not depend on where the two differ."""
    return hmac.compare_digest(
        left.encode(errors="surrogatepass"), right.encode(errors="surrogatepass")
    )


def check_signature(
    given: str,
    message: bytes,
    *,
    secrets: Iterable[str],
    sign: Callable[[str, bytes], str] = hmac_sha256_hex,
) -> None:
    """Raise ProviderError("forged") unless one of the secrets made this signature.

    Several secrets are alive together while a secret is being replaced.
    """
    if not given:
        raise ProviderError(FORGED, "the signature is missing")
    if not _any_same(given, [sign(secret, message) for secret in secrets]):
        raise ProviderError(FORGED, "the signature does not fit")


def check_secret(given: str, *, secrets: Iterable[str]) -> None:
    """Raise ProviderError("forged") unless the caller knows one of the secrets."""
    if not given:
        raise ProviderError(FORGED, "the secret is missing")
    if not _any_same(given, secrets):
        raise ProviderError(FORGED, "the secret is wrong")


def check_age(timestamp: str, *, tolerance_seconds: float) -> None:
    """Raise ProviderError("forged") if a signed epoch time is not about now.

    Whoever recorded a callback can repeat it only for this long (and within it a
    repetition is harmless, R7). A clock that is ahead is tolerated as one behind.
    """
    try:
        age = abs(clock.now().timestamp() - float(timestamp))
    except ValueError:
        raise ProviderError(FORGED, "the time is missing or unreadable") from None
    if not age <= tolerance_seconds:  # NaN compares false, and is refused
        raise ProviderError(FORGED, "the request is too old, or a clock is wrong")


def _any_same(given: str, candidates: Iterable[str]) -> bool:
    # The sum compares every candidate, whichever fits.
    return sum(same(given, candidate) for candidate in candidates) > 0
