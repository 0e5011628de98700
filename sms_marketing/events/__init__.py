"""Events: what contacts did, told by the host's own models, its code, and its links.

The door of the room. Bind models in an app's ``sms_events.py``; everything else a site
wants to tell goes through ``track``.
"""

from __future__ import annotations

from sms_marketing.events.bindings import Binding
from sms_marketing.events.carts import CartBinding
from sms_marketing.events.clicks import Visit, bot_reason, record_click
from sms_marketing.events.context import merge_context
from sms_marketing.events.guards import Guard, get_guard, guards, register_guard
from sms_marketing.events.orders import ModelBinding
from sms_marketing.events.purchases import (
    PurchaseChange,
    PurchaseItem,
    record_purchase,
)
from sms_marketing.events.registry import (
    connect_bindings,
    record,
    record_by_key,
    register,
    registry,
    remove_binding,
)
from sms_marketing.events.tracking import EventDraft, record_event, track

__all__ = [
    "Binding",
    "CartBinding",
    "EventDraft",
    "Guard",
    "ModelBinding",
    "PurchaseChange",
    "PurchaseItem",
    "Visit",
    "bot_reason",
    "connect_bindings",
    "get_guard",
    "guards",
    "merge_context",
    "record",
    "record_by_key",
    "record_click",
    "record_event",
    "record_purchase",
    "register",
    "register_guard",
    "registry",
    "remove_binding",
    "track",
]
