"""Sending: the only way a message is born and leaves.

The door of the room.
"""

from __future__ import annotations

from sms_marketing.sending.bodies import (
    LinkTarget,
    find_link_target,
    known_fields,
    save_body,
)
from sms_marketing.sending.contexts import (
    CONTACT_FIELDS,
    EVENT_FIELDS,
    load_merge_contexts,
)
from sms_marketing.sending.dispatch import dispatch
from sms_marketing.sending.enqueue import enqueue
from sms_marketing.sending.lanes import has_due
from sms_marketing.sending.receipts import fold_receipts, store_receipts
from sms_marketing.sending.recover import RecoverReport, recover
from sms_marketing.sending.rendering import LeftOut, RenderedText, prepare
from sms_marketing.sending.report import DispatchReport
from sms_marketing.sending.resolve import resolve_unconfirmed
from sms_marketing.sending.senders import (
    choose_sender,
    halt_sender,
    price_of,
    resume_sender,
)
from sms_marketing.sending.wordings import Wording, wording_of

__all__ = [
    "CONTACT_FIELDS",
    "EVENT_FIELDS",
    "DispatchReport",
    "LeftOut",
    "LinkTarget",
    "RecoverReport",
    "RenderedText",
    "Wording",
    "choose_sender",
    "dispatch",
    "enqueue",
    "find_link_target",
    "fold_receipts",
    "halt_sender",
    "has_due",
    "known_fields",
    "load_merge_contexts",
    "prepare",
    "price_of",
    "recover",
    "resolve_unconfirmed",
    "resume_sender",
    "save_body",
    "store_receipts",
    "wording_of",
]
