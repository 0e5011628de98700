"""What becomes of a message, by the last two digits of its number.

======  ======================================================================
…90     accepted, then a receipt ``undelivered`` (absent_subscriber)
…91     refused at once: ``invalid_number``
…92     throttled twice (HTTP 429, Retry-After: 1), accepted the third time
…93     accepted, then a receipt ``expired``
…94     accepted, no receipt ever
others  accepted, then a receipt ``delivered``
======  ======================================================================
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One way through the network."""

    refusal: str = ""
    throttled_times: int = 0
    status: str | None = "delivered"
    """The final receipt; None: there is none."""
    error: str = ""


_BY_SUFFIX = {
    "90": Fate(status="undelivered", error="absent_subscriber"),
    "91": Fate(refusal="invalid_number"),
    "92": Fate(throttled_times=2),
    "93": Fate(status="expired", error="validity_over"),
    "94": Fate(status=None),
}
_ORDINARY = Fate()


def fate_of(number: str) -> Fate:
    """Return what happens to messages for this number."""
    return _BY_SUFFIX.get(number[-2:], _ORDINARY)
