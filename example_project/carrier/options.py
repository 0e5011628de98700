"""OPTIONS of the product's generic HTTP provider that talks to the local carrier."""

from __future__ import annotations

from typing import Any


def carrier_options(base_url: str, secret: str, *, bulk: bool = True) -> dict[str, Any]:
    """Return the OPTIONS for a carrier at ``base_url`` run with this secret.

    ``bulk`` hands over 100 messages in one call.
    """
    options: dict[str, Any] = {
        "url": f"{base_url}/messages",
        "loopback_only": True,
        "timeout": 10,
        "auth": {"type": "bearer", "token": secret},
        "check_url": f"{base_url}/check",
        "fields": {
            "to": "{to}",
            "text": "{text}",
            "from": "{sender}",
            "reference": "{reference}",
            "receipt_url": "{receipt_url}",
        },
        "id_path": "id",
        "parts_path": "parts",
        "error_path": "error",
        "errors": {
            "invalid_number": "invalid_number",
            "throttled": "throttled",
            "malformed": "rejected",
            "unauthorized": "sender_config",
            "absent_subscriber": "temporary",
            "validity_over": "temporary",
        },
        "retry_after_path": "retry_after",
        "callback_proof": {
            "type": "hmac",
            "secret": secret,
            "header": "X-Carrier-Signature",
            "prefix": "sha256=",
            "timestamp_header": "X-Carrier-Timestamp",
        },
        "receipts": {
            "only_if": {"path": "type", "equals": "receipts"},
            "list_path": "receipts",
            "reference_path": "reference",
            "id_path": "id",
            "status_path": "status",
            "statuses": {
                "accepted": "sent",
                "delivered": "delivered",
                "undelivered": "undelivered",
                "expired": "expired",
            },
            "error_path": "error",
            "occurred_at_path": "at",
            "parts_path": "parts",
        },
        "inbound": {
            "only_if": {"path": "type", "equals": "messages"},
            "list_path": "messages",
            "id_path": "id",
            "from_path": "from",
            "to_path": "to",
            "text_path": "text",
            "received_at_path": "at",
        },
        "lookup": {
            "url": f"{base_url}/lookup?reference={{reference}}",
            "status_path": "status",
            "id_path": "id",
            "not_found": {"path": "known", "equals": False},
        },
    }
    if bulk:
        options["batch"] = {
            "url": f"{base_url}/messages/batch",
            "list_path": "messages",
            "max": 100,
            "results_path": "messages",
            "reference_path": "reference",
        }
    return options
