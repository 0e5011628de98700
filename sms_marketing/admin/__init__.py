"""The screens: importing them registers them. One file a screen."""

from __future__ import annotations

from sms_marketing.admin import contacts, journeys, messages, senders

__all__ = ["contacts", "journeys", "messages", "senders"]
