"""The ground that every room stands on: clock, database, queue, registry, tokens."""

from __future__ import annotations
