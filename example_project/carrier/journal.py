"""The carrier's own log: one JSON object a line, appended, never changed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """Writes each entry before anybody is told of it, and hands it to ``apply``.

    A line that is flushed outlives the death of this process. A half-written last
    line belongs to a request that was never answered: it is cut off at the start.
    """

    def __init__(self, path: Path, apply: Callable[[Entry], None]) -> None:
        self.lock = threading.RLock()
        self.entries: list[Entry] = []
        self._apply = apply
        _cut_torn_line(path)
        for entry in _read(path):
            self._remember(entry)
        self._file = path.open("a", encoding="ascii")

    def record(self, kind: str, facts: Mapping[str, Any]) -> Entry:
        """Append one entry and apply it."""
        with self.lock:
            entry = {"at": datetime.now(UTC).isoformat(), "kind": kind, **facts}
            # ASCII: no letter of a text can be taken for the end of a line.
            self._file.write(json.dumps(entry) + "\n")
            self._file.flush()
            self._remember(entry)
            return entry

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _remember(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._apply(entry)


def _read(path: Path) -> Iterator[Entry]:
    with path.open("rb") as lines:
        for line in lines:
            yield json.loads(line)


def _cut_torn_line(path: Path) -> None:
    with path.open("a+b") as file:
        file.seek(0)
        content = file.read()
        file.truncate(content.rfind(b"\n") + 1)
