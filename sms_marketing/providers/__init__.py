"""The door to the vendors: one configured provider for each alias.

A vendor's own file holds its addresses, its tables and its quirks; from here on there
are only ``Outbound``, ``SendResult``, ``Receipt``, ``Inbound`` and ``ErrorKind``.
"""

from __future__ import annotations

from sms_marketing.providers.base import (
    MALFORMED,
    BaseProvider,
    Inbound,
    Lookup,
    Outbound,
    Receipt,
    SendResult,
    WebhookAnswer,
    WebhookRequest,
)
from sms_marketing.providers.kinds import (
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
)
from sms_marketing.providers.loading import build, get_provider, reset
from sms_marketing.providers.signatures import FORGED

__all__ = [
    "FORGED",
    "MALFORMED",
    "BaseProvider",
    "ErrorKind",
    "Inbound",
    "Lookup",
    "LookupOutcome",
    "Outbound",
    "Outcome",
    "Receipt",
    "ReceiptStatus",
    "SendResult",
    "WebhookAnswer",
    "WebhookRequest",
    "build",
    "get_provider",
    "reset",
]
