"""Pages for recipients: short links and the opt-out page."""

from __future__ import annotations
