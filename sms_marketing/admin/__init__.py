"""The screens: importing them registers them. One file a screen."""

from __future__ import annotations

from sms_marketing.admin import (
    campaigns,
    contacts,
    journeys,
    messages,
    segments,
    senders,
)

__all__ = ["campaigns", "contacts", "journeys", "messages", "segments", "senders"]
