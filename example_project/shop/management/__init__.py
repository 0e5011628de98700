"""Commands of the example shop."""

from __future__ import annotations
