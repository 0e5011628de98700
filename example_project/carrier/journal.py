"""The carrier's own log: one JSON object a line, appended, never changed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


class Journal:
    """Writes each entry before anybody is told of it, and hands it to ``apply``.

    A line that is flushed outlives the death of this process. A half-written last
    line belongs to a request that was never answered: it is passed over.
    """

    def __init__(self, path: Path, apply: Callable[[Entry], None]) -> None:
        self.lock = threading.RLock()
        self.entries: list[Entry] = []
        self._apply = apply
        for entry in _read(path):
            self._remember(entry)
        self._file = path.open("a", encoding="utf-8")
        if _is_torn(path):
            self._file.write("\n")

    def record(self, kind: str, facts: Mapping[str, Any]) -> Entry:
        """Append one entry and apply it."""
        with self.lock:
            entry = {"at": datetime.now(UTC).isoformat(), "kind": kind, **facts}
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
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
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # torn: see the class


def _is_torn(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"
