"""Takes a provider's options out one by one, and complains in the settings' words.

A complaint names the place and what may stand there, never what does stand there: it
may be a secret.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar

from sms_marketing.exceptions import ConfigurationError

E = TypeVar("E", bound=Enum)


class OptionReader:
    """One level of options. Call ``finish()`` last: it refuses what nobody read."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, Mapping):
            raise ConfigurationError(f"{where} must be a dict.")
        self.where = where
        self._values: Mapping[str, Any] = values
        self._known: list[str] = []

    def place(self, key: str) -> str:
        """How the settings file spells the place of a key."""
        return f'{self.where}["{key}"]'

    def wrong(self, key: str, must: str) -> ConfigurationError:
        """The complaint about one option."""
        return ConfigurationError(f"{self.place(key)} {must}.")

    def has(self, key: str) -> bool:
        """Whether the option is given (None counts as not given)."""
        self._known.append(key)
        return self._values.get(key) is not None

    def raw(self, key: str) -> Any:
        """The value as it stands, or a complaint that it is missing."""
        if not self.has(key):
            raise self.wrong(key, "is missing")
        return self._values[key]

    def text(self, key: str, default: str | None = None) -> str:
        """Text that is not empty; required unless there is a default."""
        if default is not None and not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(key, "must be text that is not empty")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.raw(key)
        listed = [value] if isinstance(value, str) else value
        if (
            not isinstance(listed, list | tuple)
            or not listed
            or not all(isinstance(item, str) and item.strip() for item in listed)
        ):
            raise self.wrong(key, "must be text, or a list of texts")
        return tuple(listed)

    def flag(self, key: str, default: bool = False) -> bool:
        """True or False."""
        if not self.has(key):
            return default
        value = self.raw(key)
        if not isinstance(value, bool):
            raise self.wrong(key, "must be True or False")
        return value

    def number(self, key: str, default: float, *, low: float, high: float) -> float:
        """A number within bounds."""
        if not self.has(key):
            return default
        value = self.raw(key)
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not low <= value <= high
        ):
            raise self.wrong(key, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def choice(self, key: str, allowed: Sequence[str], default: str) -> str:
        """One of a few words."""
        if not self.has(key):
            return default
        value = self.raw(key)
        if value not in allowed:
            raise self.wrong(key, f"must be one of: {', '.join(allowed)}")
        return str(value)

    def section(self, key: str) -> OptionReader | None:
        """A nested dict, or None if it is not given."""
        return self.required_section(key) if self.has(key) else None

    def required_section(self, key: str) -> OptionReader:
        """A nested dict that must be there."""
        return OptionReader(self.raw(key), self.place(key))

    def text_map(self, key: str) -> dict[str, str]:
        """A dict of text to text; empty if it is not given."""
        if not self.has(key):
            return {}
        value = self.raw(key)
        if not isinstance(value, Mapping) or not all(
            isinstance(k, str) and isinstance(v, str) for k, v in value.items()
        ):
            raise self.wrong(key, "must be a dict of text to text")
        return dict(value)

    def translation(self, key: str, words: type[E]) -> dict[str, E]:
        """A dict of a vendor's words (casefolded here) to ours; empty if not given."""
        ours = {str(word.value): word for word in words}
        if not self.has(key):
            return {}
        value = self.raw(key)
        if not isinstance(value, Mapping) or not all(v in ours for v in value.values()):
            raise self.wrong(
                key, f"must translate the vendor's words into: {', '.join(ours)}"
            )
        return {str(k).casefold(): ours[str(v)] for k, v in value.items()}

    def finish(self) -> None:
        """Refuse options that nobody has read: most likely misspelt."""
        unknown = sorted(set(map(str, self._values)) - set(self._known))
        if unknown:
            known = ", ".join(dict.fromkeys(self._known)) or "none"
            raise ConfigurationError(
                f"{self.where} has no option {', '.join(unknown)}. Known: {known}."
            )
