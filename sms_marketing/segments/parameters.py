"""What a rule may be given: typed parameters that read, write and describe values."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from sms_marketing.contacts import key_of

#: Longest word that is stored normalised (``city_key``, ``ContactTag.key``).
MAX_TEXT = 120
#: 200 nodes × 100 values stay below SQLite's 32 766 parameters of a statement.
MAX_VALUES = 100
#: Room for a day more and a century less, on every database.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)

AMOUNT = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Text = str | Promise
Option = tuple[str | int, Text]


class Unreadable(ValueError):
    """A value that a parameter cannot take; ``index`` points into a list."""

    def __init__(self, reason: str, *, index: int | None = None) -> None:
        self.reason = reason
        self.index = index
        super().__init__(reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter(ABC):
    """One value of a rule. The admin draws a form field from what it declares."""

    type: ClassVar[str]

    name: str
    label: Text
    help: Text = ""
    required: bool = True

    @abstractmethod
    def read(self, value: Any) -> Any:
        """Return the value of a JSON value, or raise ``Unreadable``."""

    def write(self, value: Any) -> Any:
        """Return the JSON value of a value; ``read`` takes it back."""
        return value

    def limits(self) -> dict[str, Any]:
        """Return what a form needs to know of the values, safe for JSON."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Return the whole declaration, safe for JSON."""
        return {
            "name": self.name,
            "type": self.type,
            "label": str(self.label),
            "help": str(self.help),
            "required": self.required,
            **self.limits(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TextParameter(Parameter):
    """A word or a name, neither empty nor longer than a key column."""

    type: ClassVar[str] = "text"

    #: For codes: how the word is written in the column (``str.upper``).
    clean: Callable[[str], str] = str
    pattern: str = ""
    #: What a word of the pattern looks like, for people.
    example: str = ""

    def read(self, value: Any) -> str:
        return _read_text(value, self.clean, self.pattern, self.example)

    def limits(self) -> dict[str, Any]:
        return {"max_length": MAX_TEXT, "example": self.example}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextListParameter(Parameter):
    """One to a hundred words; the same word twice is one."""

    type: ClassVar[str] = "text_list"

    clean: Callable[[str], str] = str
    pattern: str = ""
    example: str = ""

    def read(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list) or not 1 <= len(value) <= MAX_VALUES:
            raise Unreadable(
                _("must be a list of 1 to %(most)s texts") % {"most": MAX_VALUES}
            )
        words: dict[str, str] = {}
        for index, item in enumerate(value):
            try:
                word = _read_text(item, self.clean, self.pattern, self.example)
            except Unreadable as fault:
                raise Unreadable(fault.reason, index=index) from None
            words.setdefault(key_of(word), word)
        return tuple(words.values())

    def write(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def limits(self) -> dict[str, Any]:
        return {
            "max_length": MAX_TEXT,
            "max_items": MAX_VALUES,
            "example": self.example,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegerParameter(Parameter):
    """A whole number within bounds."""

    type: ClassVar[str] = "integer"

    minimum: int = 0
    maximum: int = 1_000_000

    def read(self, value: Any) -> int:
        # True is an int in Python and a mistake in a rule.
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not self.minimum <= value <= self.maximum:
            raise Unreadable(
                _("must be a whole number from %(least)s to %(most)s")
                % {"least": self.minimum, "most": self.maximum}
            )
        return int(value)

    def limits(self) -> dict[str, Any]:
        return {"minimum": self.minimum, "maximum": self.maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysParameter(IntegerParameter):
    """A number of days of the brand's calendar."""

    type: ClassVar[str] = "days"

    minimum: int = 1
    maximum: int = 36_500


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyParameter(Parameter):
    """An exact amount: text such as "12.50"; a float of JSON is not exact (R12)."""

    type: ClassVar[str] = "money"

    def read(self, value: Any) -> Decimal:
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or not AMOUNT.fullmatch(value):
            raise Unreadable(_('must be an amount as text, such as "12.50"'))
        return Decimal(value)

    def write(self, value: Decimal) -> str:
        return str(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateParameter(Parameter):
    """A day of the brand's calendar."""

    type: ClassVar[str] = "date"

    def read(self, value: Any) -> date:
        day = _read_day(value)
        if day is None or not FIRST_DAY <= day <= LAST_DAY:
            raise Unreadable(
                _("must be a date such as 2026-05-31, from %(first)s to %(last)s")
                % {"first": FIRST_DAY, "last": LAST_DAY}
            )
        return day

    def write(self, value: date) -> str:
        return value.isoformat()

    def limits(self) -> dict[str, Any]:
        return {"minimum": FIRST_DAY.isoformat(), "maximum": LAST_DAY.isoformat()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceParameter(Parameter):
    """One of a few fixed words."""

    type: ClassVar[str] = "choice"

    choices: Sequence[Option]

    def read(self, value: Any) -> str:
        allowed = [str(key) for key, _label in self.choices]
        if not isinstance(value, str) or value not in allowed:
            raise Unreadable(
                _("is not known; allowed: %(allowed)s") % {"allowed": _list(allowed)}
            )
        return value

    def limits(self) -> dict[str, Any]:
        return {"choices": _options(self.choices)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeParameter(Parameter):
    """The code of a row that is looked up when the rules are compiled (a brand)."""

    type: ClassVar[str] = "code"

    #: Asked for forms only, so that a stored rule outlives the row it names.
    options: Callable[[], Sequence[Option]]

    def read(self, value: Any) -> str:
        return _read_text(value)

    def limits(self) -> dict[str, Any]:
        return {"choices": _options(self.options())}


@dataclass(frozen=True, slots=True, kw_only=True)
class IdParameter(Parameter):
    """The id of a row (a segment)."""

    type: ClassVar[str] = "id"

    options: Callable[[], Sequence[Option]]

    def read(self, value: Any) -> int:
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole or not 0 < value < 2**63:
            raise Unreadable(_("must be an id, a whole number above 0"))
        return int(value)

    def limits(self) -> dict[str, Any]:
        return {"choices": _options(self.options())}


def _read_text(
    value: Any,
    clean: Callable[[str], str] = str,
    pattern: str = "",
    example: str = "",
) -> str:
    if not isinstance(value, str):
        raise Unreadable(_("must be a text"))
    # PostgreSQL takes no NUL in a text.
    text = clean(" ".join(value.replace("\0", " ").split()))
    if not key_of(text) or len(text) > MAX_TEXT:
        raise Unreadable(
            _("must be a text of 1 to %(most)s letters") % {"most": MAX_TEXT}
        )
    if pattern and not re.fullmatch(pattern, text):
        raise Unreadable(_("must look like %(example)s") % {"example": f"{example!r}"})
    return text


def _read_day(value: Any) -> date | None:
    if not isinstance(value, str) or not DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _options(options: Sequence[Option]) -> list[dict[str, Any]]:
    return [{"value": key, "label": str(label)} for key, label in options]


def _list(words: Sequence[str]) -> str:
    return ", ".join(words)
