"""How a merge field's value reads in a text, and the dozen filters that shape it.

Everything is capped: a text is a few hundred letters, whoever wrote the filter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Any, TypeAlias, TypeVar

from django.utils.translation import gettext as _
from liquid.undefined import Undefined

from sms_marketing.exceptions import InvalidBody, MissingField
from sms_marketing.text import encoding

Value: TypeAlias = "str | int | Decimal | date | bool | Mapping[str, Value] | None"

# 26 parts of plain letters; no carrier takes more than 10.
MAX_LENGTH = 4_000

N = TypeVar("N", int, Decimal)

_CENT = Decimal("0.01")
_MAX_DIGITS = 20  # an order number may be any 64-bit integer
_TOO_LARGE = 10**_MAX_DIGITS
_NUMBER = re.compile(rf"[+-]?[0-9]{{1,{_MAX_DIGITS}}}(\.[0-9]{{1,{_MAX_DIGITS}}})?")
_DIRECTIVE = re.compile(r"%(-?.?)", re.DOTALL)


class Missing(Undefined):
    """A field without a value: false in conditions, an error when it is printed."""

    __slots__ = ()


def find(context: Mapping[str, Value], path: tuple[str, ...]) -> object:
    """Look a field up; missing, None and blank text are all one: None.

    Only plain dicts are entered, by key: no attribute is read, no method called.
    """
    value: object = context.get(path[0])
    for key in path[1:]:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    if isinstance(value, str):
        if not value.isprintable():
            value = encoding.clean(value)
        return None if not value or value.isspace() else value
    return Decimal(repr(value)) if isinstance(value, float) else value


def to_text(value: object, field: str = "") -> str:
    """Write a value as people do: 24.11.2026, 12.50, the plain text."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(_capped(value))
    if isinstance(value, Decimal | float):
        return f"{_rounded(value, _CENT):f}"
    if isinstance(value, date):
        return f"{value.day:02}.{value.month:02}.{value.year:04}"
    raise InvalidBody(
        _(
            "The field %(field)s holds no text, number or date, but a %(kind)s. "
            "Name one of its own fields, as in %(field)s.name."
        )
        % {"field": field or "?", "kind": type(value).__name__}
    )


def number(value: object) -> int | Decimal:
    """Read a number; raises InvalidBody for what is none."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip()) if "." in value else int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _capped(value)
    if isinstance(value, Decimal | float):
        return _capped(_exact(value))
    raise InvalidBody(
        _("A number was expected, but there is a %(kind)s.")
        % {"kind": type(value).__name__}
    )


def _shaped(shape: Callable[..., object]) -> Callable[..., object]:
    """Let a missing value through to a later ``default``; cap what comes out."""

    @wraps(shape)
    def guarded(value: object, *arguments: object) -> object:
        if isinstance(value, Missing):
            return value
        for argument in arguments:
            if isinstance(argument, Missing):
                raise MissingField(argument.name)
        shaped = shape(value, *arguments)
        if isinstance(shaped, str) and len(shaped) > MAX_LENGTH:
            raise too_long()
        return shaped

    return guarded


def too_long() -> InvalidBody:
    """Return the refusal of a text beyond the cap."""
    return InvalidBody(
        _("The text is longer than %(limit)d letters. Shorten it.")
        % {"limit": MAX_LENGTH}
    )


def _default(value: object, fallback: object) -> object:
    blank = value is None or value is False or isinstance(value, Missing)
    if isinstance(value, str):
        blank = not value or value.isspace()
    return fallback if blank else value


@_shaped
def _upcase(value: object) -> str:
    return to_text(value).upper()


@_shaped
def _downcase(value: object) -> str:
    return to_text(value).lower()


@_shaped
def _capitalize(value: object) -> str:
    return to_text(value).capitalize()


@_shaped
def _strip(value: object) -> str:
    return to_text(value).strip()


@_shaped
def _first_word(value: object) -> str:
    return next(iter(to_text(value).split()), "")


@_shaped
def _truncate(value: object, length: object, end: object = "...") -> str:
    text, limit, tail = to_text(value), number(length), to_text(end)
    if not isinstance(limit, int) or limit < 1:
        raise InvalidBody(_("truncate takes a whole number of letters, 1 or more."))
    if len(text) <= limit:
        return text
    return (text[: max(0, limit - len(tail))] + tail)[:limit]


@_shaped
def _replace(value: object, old: object, new: object = "") -> str:
    text, gone, come = to_text(value), to_text(old), to_text(new)
    if not gone:
        raise InvalidBody(_("replace takes the text to look for; it is empty."))
    # Counted first: the answer may be a thousand times longer than the cap.
    if len(text) + text.count(gone) * (len(come) - len(gone)) > MAX_LENGTH:
        raise too_long()
    return text.replace(gone, come)


@_shaped
def _plus(value: object, other: object) -> int | Decimal:
    return number(value) + number(other)


@_shaped
def _minus(value: object, other: object) -> int | Decimal:
    return number(value) - number(other)


@_shaped
def _round(value: object, places: object = 0) -> str:
    if places not in range(7):
        raise InvalidBody(_("round takes a number of decimals, 0 to 6."))
    return (
        f"{_rounded(Decimal(number(value)), Decimal(1).scaleb(-int(number(places)))):f}"
    )


@_shaped
def _money(value: object, currency: object = "") -> str:
    return f"{_rounded(Decimal(number(value)), _CENT):f} {to_text(currency)}".rstrip()


@_shaped
def _date(value: object, pattern: object = "%d.%m.%Y") -> str:
    day = _as_date(value)

    def directive(match: re.Match[str]) -> str:
        write = _DIRECTIVES.get(match[1])
        if write is None:
            raise InvalidBody(
                _("date knows no %(directive)s. Use: %(known)s.")
                % {
                    "directive": match[0],
                    "known": ", ".join(f"%{name}" for name in _DIRECTIVES),
                }
            )
        return write(day)

    return _DIRECTIVE.sub(directive, to_text(pattern))


FILTERS: dict[str, Callable[..., Any]] = {
    "default": _default,
    "upcase": _upcase,
    "downcase": _downcase,
    "capitalize": _capitalize,
    "strip": _strip,
    "first_word": _first_word,
    "truncate": _truncate,
    "replace": _replace,
    "date": _date,
    "plus": _plus,
    "minus": _minus,
    "round": _round,
    "money": _money,
}

# Digits only: names of months would need the language of the text.
_DIRECTIVES: dict[str, Callable[[datetime], str]] = {
    "d": lambda day: f"{day.day:02}",
    "-d": lambda day: f"{day.day}",
    "m": lambda day: f"{day.month:02}",
    "-m": lambda day: f"{day.month}",
    "Y": lambda day: f"{day.year:04}",
    "y": lambda day: f"{day.year % 100:02}",
    "H": lambda day: f"{day.hour:02}",
    "-H": lambda day: f"{day.hour}",
    "M": lambda day: f"{day.minute:02}",
    "%": lambda day: "%",
}


def _as_date(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001  (a day)
    try:
        return datetime.fromisoformat(to_text(value).strip())
    except ValueError:
        raise InvalidBody(
            _("A date was expected, but the value is none. Dates read 2026-11-24.")
        ) from None


def _exact(value: float | Decimal) -> Decimal:
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if not exact.is_finite():
        raise InvalidBody(_("A number was expected, but the value is none."))
    return exact


def _rounded(value: float | Decimal, step: Decimal) -> Decimal:
    rounded = Decimal(_capped(_exact(value))).quantize(step, ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded  # never "-0.00"


def _capped(value: N) -> N:
    if not -_TOO_LARGE < value < _TOO_LARGE:
        raise InvalidBody(
            _("A number has more than %(digits)d digits.") % {"digits": _MAX_DIGITS}
        )
    return value
