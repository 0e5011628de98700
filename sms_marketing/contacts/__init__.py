"""Contacts: who they are, what they agreed to, and who must not be sent to.

The door of the room. Consent belongs to a number and a brand, is written as evidence in
an append-only ledger, and is read from its fold, never from a replica.
"""

from __future__ import annotations

from sms_marketing.contacts.announcing import announce
from sms_marketing.contacts.consent import consent_status, opt_in, opt_out
from sms_marketing.contacts.erasure import erase
from sms_marketing.contacts.gate import not_suppressed, refusals, with_consent
from sms_marketing.contacts.keys import key_of, keyed_hash, phone_hash, storable
from sms_marketing.contacts.profiles import find_by_phone, upsert
from sms_marketing.contacts.proof import (
    LedgerReport,
    seal_hourly,
    seal_ledger,
    verify_ledger,
)
from sms_marketing.contacts.states import State, fold, rebuild
from sms_marketing.contacts.suppression import (
    PERSON_MADE,
    blocking_scopes,
    lift,
    suppress,
)

__all__ = [
    "PERSON_MADE",
    "LedgerReport",
    "State",
    "announce",
    "blocking_scopes",
    "consent_status",
    "erase",
    "find_by_phone",
    "fold",
    "key_of",
    "keyed_hash",
    "lift",
    "not_suppressed",
    "opt_in",
    "opt_out",
    "phone_hash",
    "rebuild",
    "refusals",
    "seal_hourly",
    "seal_ledger",
    "storable",
    "suppress",
    "upsert",
    "verify_ledger",
    "with_consent",
]
