"""Small languages of the generic HTTP provider: paths, conditions and templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sms_marketing.providers.base import Outbound
from sms_marketing.providers.options import OptionReader

# The words that a template may hold, as in {"recipient": "{to}"}.
PLACEHOLDERS = (
    "to",
    "to_digits",
    "text",
    "sender",
    "reference",
    "message_id",
    "receipt_url",
    "validity",
    "encoding",
    "parts",
)
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
_DEAREST = 1_000_000
_MILLISECONDS_FROM = 100_000_000_000  # as seconds: the year 5138
# A field whose value is not there is left out, rather than sent empty.
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Path:
    """A place in a decoded body: names and list positions, as "messages.0.id".

    The empty path is the whole body.
    """

    steps: tuple[str, ...] = ()

    @classmethod
    def of(cls, dotted: str) -> Path:
        """Read the dotted form."""
        return cls(tuple(dotted.split(".")) if dotted else ())

    def read(self, body: Any) -> Any:
        """Return what stands there, or None."""
        for step in self.steps:
            if isinstance(body, Mapping):
                body = body.get(step)
            elif isinstance(body, list) and step.isdecimal():
                body = body[int(step)] if int(step) < len(body) else None
            else:
                return None
        return body

    def text(self, body: Any) -> str:
        """Return what stands there as text; "" if it is nothing or not one value."""
        return as_text(self.read(body)) if self.steps else ""


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether one place of a body holds one of some values."""

    path: Path
    values: frozenset[str]

    def holds(self, body: Any) -> bool:
        """Compare as text without case, so that 0, "0" and True, "true" are one."""
        return self.path.text(body).casefold() in self.values

    def is_answered(self, body: Any) -> bool:
        """Whether there is any value at that place."""
        return self.path.text(body) != ""


def read_condition(section: OptionReader) -> Condition:
    """Read ``{"path": "…", "in": […]}`` or ``{"path": "…", "equals": …}``."""
    path = Path.of(section.text("path"))
    listed = [section.raw("equals")] if section.has("equals") else section.raw("in")
    if not isinstance(listed, list | tuple) or not listed:
        raise section.wrong("in", "must be a list of values")
    section.finish()
    return Condition(path, frozenset(as_text(value).casefold() for value in listed))


def as_text(value: Any) -> str:
    """One scalar as text that a database can hold; "" for everything else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float | Decimal):
        return ""
    # JSON may carry NULs and halves of surrogate pairs; databases take neither.
    return str(value).replace("\x00", "").encode(errors="replace").decode()


def as_count(value: Any) -> int | None:
    """A small whole number, or None."""
    text = as_text(value)
    return int(text) if text.isdecimal() and len(text) < 6 else None


def as_price(value: Any) -> Decimal | None:
    """An exact amount, or None."""
    try:
        price = Decimal(as_text(value))
    except InvalidOperation:
        return None
    return price if price.is_finite() and abs(price) < _DEAREST else None


def as_moment(value: Any) -> datetime | None:
    """An aware instant of ISO 8601 text (UTC if it says no zone) or of epoch time."""
    text = as_text(value)
    try:
        number = float(text)
    except ValueError:
        return _iso_moment(text)
    try:
        return datetime.fromtimestamp(
            number / 1000 if number > _MILLISECONDS_FROM else number, UTC
        )
    except (ValueError, OverflowError, OSError):
        return None


def placeholders_in(template: Any) -> set[str]:
    """The names in braces, at any depth of a template."""
    if isinstance(template, Mapping):
        return set().union(*map(placeholders_in, template.values()))
    if isinstance(template, list | tuple):
        return set().union(*map(placeholders_in, template))
    return set(_PLACEHOLDER.findall(template)) if isinstance(template, str) else set()


def values_of(outbound: Outbound) -> dict[str, Any]:
    """What each placeholder stands for; None leaves the field out."""
    return {
        "to": outbound.to,
        "to_digits": outbound.to.lstrip("+"),
        "text": outbound.text,
        "sender": outbound.sender or None,
        "reference": outbound.reference,
        "message_id": outbound.message_id,
        "receipt_url": outbound.receipt_url or None,
        "validity": outbound.validity_seconds,
        "encoding": outbound.encoding or None,
        "parts": outbound.part_count,
    }


def fill(template: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Put values into a template; "{validity}" alone keeps its type."""
    return {
        key: filled
        for key, value in template.items()
        if (filled := _fill(value, values)) is not _ABSENT
    }


def _fill(template: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(template, str):
        return _fill_text(template, values)
    if isinstance(template, Mapping):
        return fill(template, values)
    if isinstance(template, list | tuple):
        filled = [_fill(item, values) for item in template]
        return [item for item in filled if item is not _ABSENT]
    return template


def _fill_text(template: str, values: Mapping[str, Any]) -> Any:
    if "{" not in template:
        return template
    alone = _PLACEHOLDER.fullmatch(template)
    if alone:
        value = values[alone[1]]
        return _ABSENT if value is None else value
    return _PLACEHOLDER.sub(lambda found: as_text(values[found[1]]), template)


def _iso_moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
