"""A keyed, ordered list of things that hosts may add to; loud on duplicates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

from sms_marketing.exceptions import ConfigurationError

T = TypeVar("T")


class Registry(Generic[T]):
    """Maps a key to one registered thing, in the order of registration."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._items: dict[str, T] = {}

    def add(self, key: str, item: T) -> T:
        """Register under a key that nobody has taken."""
        if key in self._items:
            raise ConfigurationError(f"The {self._what} {key!r} is registered twice.")
        self._items[key] = item
        return item

    def remove(self, key: str) -> None:
        """Take a registration back; for tests of hosts."""
        self._items.pop(key, None)

    def get(self, key: str) -> T:
        """Return the item, or say which keys there are."""
        try:
            return self._items[key]
        except KeyError:
            known = ", ".join(sorted(self._items)) or "none"
            raise ConfigurationError(
                f"There is no {self._what} {key!r}. Registered: {known}."
            ) from None

    def find(self, key: str) -> T | None:
        """Return the item or None."""
        return self._items.get(key)

    def __contains__(self, key: str) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def items(self) -> Iterator[tuple[str, T]]:
        """Yield (key, item) in the order of registration."""
        yield from self._items.items()
