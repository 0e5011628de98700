"""Conversations: what people write back, and what it does.

The door of the room. One word stops everything that was asked to stop, within the
transaction that keeps the message; all else is kept on the contact.
"""

from __future__ import annotations

from sms_marketing.conversations.answers import answer_text
from sms_marketing.conversations.inbound import process_inbound, store_inbound
from sms_marketing.conversations.keywords import Verdict, classify
from sms_marketing.conversations.words import VOCABULARIES, Vocabulary

__all__ = [
    "VOCABULARIES",
    "Verdict",
    "Vocabulary",
    "answer_text",
    "classify",
    "process_inbound",
    "store_inbound",
]
