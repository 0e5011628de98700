"""What the demo prints: acts, a progress bar that also reads well in a file, tables."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TextIO

BAR = 30


class Screen:
    """Writes the story to a terminal, or line by line to a file."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stdout
        self.started = time.monotonic()
        self._live = False
        self._last = ""

    def act(self, title: str) -> None:
        """Begin a part of the story."""
        self._clear()
        self._write(f"\n[{self.seconds:5.1f} s] {title}\n")

    def say(self, text: str) -> None:
        """One fact."""
        self._clear()
        self._write(f"          {text}\n")

    def progress(self, label: str, done: int, total: int) -> None:
        """Move the bar; in a file only every tenth of the way is written."""
        share = done / total if total else 1.0
        filled = round(BAR * share)
        bar = (
            f"{'█' * filled}{'░' * (BAR - filled)} {share:4.0%}  {done}/{total} {label}"
        )
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            self._write("\r" + f"          {bar}"[:width].ljust(width))
            self._live = True
        elif (tenth := f"{label} {int(share * 10)}") != self._last:
            self._last = tenth
            self._write(f"          {bar}\n")

    def table(self, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Columns as wide as they need."""
        self._clear()
        cells = [list(head), *([str(cell) for cell in row] for row in rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        for number, row in enumerate(cells):
            line = "  ".join(
                cell.ljust(width) for cell, width in zip(row, widths, strict=True)
            )
            self._write(f"          {line.rstrip()}\n")
            if number == 0:
                self._write(f"          {'  '.join('─' * width for width in widths)}\n")

    @property
    def seconds(self) -> float:
        """Since the story began."""
        return time.monotonic() - self.started

    def _clear(self) -> None:
        if self._live:
            self._write("\n")
            self._live = False

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
