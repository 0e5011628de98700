"""Where providers call: verify, store, answer, in this order (R7)."""

from __future__ import annotations
