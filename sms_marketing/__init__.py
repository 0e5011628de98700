"""SMS marketing for Django shops and CRMs."""

from __future__ import annotations

__version__ = "0.1.0"
