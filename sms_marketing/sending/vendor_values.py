"""What vendors write, cut to what a row holds: no oddity costs an outcome."""

from __future__ import annotations

from decimal import Decimal

#: The header of a joined SMS counts its parts in one byte.
MOST_PARTS = 255
#: Nobody pays more for a message.
DEAREST = Decimal(10**6)


def clip(text: str, length: int) -> str:
    """The text without NULs (PostgreSQL refuses them), at most so long."""
    return text.replace("\x00", "")[:length]


def sane_parts(parts: int | None) -> int | None:
    """A number of parts, or None for what can be none."""
    return parts if parts is not None and 0 < parts <= MOST_PARTS else None


def sane_price(price: Decimal | None) -> Decimal | None:
    """A price, or None for what can be none."""
    if price is None or not price.is_finite() or not 0 <= price <= DEAREST:
        return None
    return price
