"""What may stand in a log: addresses lose their query, for it may hold a number."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable

QUERY = re.compile(r"\?[^\s\"']+")


def without_query() -> Callable[[logging.LogRecord], logging.LogRecord]:
    """A filter for `LOGGING`: "/admin/?q=2123" becomes "/admin/?…"."""
    return _blank


def _blank(record: logging.LogRecord) -> logging.LogRecord:
    if isinstance(record.args, tuple):
        record.args = tuple(_cut(value) for value in record.args)
    return record


def _cut(value: object) -> object:
    return QUERY.sub("?…", value) if isinstance(value, str) else value
