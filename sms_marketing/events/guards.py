"""Guards: is the host's object still as it was when the message was planned?

Asked live, for a whole batch at once, before a cart reminder leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from sms_marketing.core.registry import Registry

OpenIds = Callable[[Sequence[str]], Collection[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """A named question to the host; raises whatever the host's own code raises."""

    name: str
    ask: OpenIds

    def open_ids(self, ids: Sequence[str]) -> set[str]:
        """Return those of the objects, by id, for which a message still makes sense."""
        return {str(item) for item in self.ask(ids)}


guards: Registry[Guard] = Registry("guard")


def register_guard(name: str, open_ids: OpenIds) -> Guard:
    """Add a guard that journeys and messages may name."""
    return guards.add(name, Guard(name=name, ask=open_ids))


def get_guard(name: str) -> Guard:
    """Return a guard, or raise ConfigurationError with the names there are."""
    return guards.get(name)
