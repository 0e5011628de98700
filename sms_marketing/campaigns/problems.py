"""What can be wrong with a campaign, as values for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error forbids to launch; a warning is for the marketer to judge."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One finding: what is wrong and what to do; ``field`` is the campaign's."""

    severity: Severity
    code: str
    message: str
    field: str = ""

    @property
    def is_error(self) -> bool:
        """True when it forbids to launch."""
        return self.severity == Severity.ERROR


def error(code: str, message: str, *, field: str = "") -> Problem:
    """A finding that forbids to launch."""
    return Problem(severity=Severity.ERROR, code=code, message=message, field=field)


def warning(code: str, message: str, *, field: str = "") -> Problem:
    """A finding that the marketer may leave as it is."""
    return Problem(severity=Severity.WARNING, code=code, message=message, field=field)


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that forbid to launch."""
    return [problem for problem in problems if problem.is_error]
