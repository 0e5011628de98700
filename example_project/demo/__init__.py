"""The demo: a whole shop, its carrier and its customers on one machine, end to end."""

from __future__ import annotations
