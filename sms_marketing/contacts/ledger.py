"""The consent ledger: how an act becomes the next record of its chain (R11)."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import IntegrityError, transaction

from sms_marketing.contacts.keys import (
    keyed_digest,
    ledger_keys,
    signing_key_id,
    storable,
)
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Channel,
    ConsentMethod,
    ConsentRecord,
    ConsentStatus,
    Contact,
)

#: How often an append may lose the race for the next place in its chain.
MAX_RACES = 20

#: Whole numbers from here on are kept as text.
BIG = 2**63


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person did about consent, before it has its place in a chain."""

    brand: Brand
    phone_hash: str
    contact: Contact | None
    status: ConsentStatus
    method: ConsentMethod
    channel: str = Channel.SMS
    topic: str = ""
    wording: str = ""
    wording_language: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] | None = None
    actor: str = ""
    occurred_at: datetime


def append(act: Act, *, using: str) -> list[ConsentRecord]:
    """Add an act to its chain; return the whole chain, the new record last.

    Safe when two append at once: the unique place in the chain lets one through, the
    other reads again. Runs in the caller's transaction.
    """
    for _race in range(MAX_RACES - 1):
        try:
            return _append_once(act, using)
        except IntegrityError:
            continue
    return _append_once(act, using)


def personal_digest(personal: Mapping[str, Any] | None, salt: str) -> str:
    """Digest of what names the person; the salt makes it useless once both are gone."""
    return hashlib.sha256((salt + canonical(personal)).encode()).hexdigest()


def record_mac(record: ConsentRecord, secret: str) -> str:
    """MAC over everything of a record that is kept for ever, and the record before."""
    return keyed_digest(secret, canonical(_kept(record)))


def plain(value: Any) -> Any:
    """Return evidence as every database gives it back: text, whole numbers, no floats.

    PostgreSQL's jsonb turns 1e16 into a whole number, MySQL's JSON one of more than 64
    bits into a fraction, and the MAC would not verify.
    """
    if isinstance(value, Mapping):
        return {storable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or (isinstance(value, int) and abs(value) < BIG):
        return value
    return storable(str(value))


def canonical(value: Any) -> str:
    """JSON with one spelling, so that a MAC over it can be computed again."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def instant(value: datetime) -> str:
    """A moment with one spelling: UTC, to the microsecond."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _append_once(act: Act, using: str) -> list[ConsentRecord]:
    with transaction.atomic(using=using):
        chain = _locked_chain(act, using)
        record = _next_record(act, chain[-1] if chain else None)
        record.save(using=using, force_insert=True)
    return [*chain, record]


def _locked_chain(act: Act, using: str) -> list[ConsentRecord]:
    chain = ConsentRecord.objects.using(using).filter(
        brand=act.brand, phone_hash=act.phone_hash
    )
    return list(chain.order_by("sequence").select_for_update())


def _next_record(act: Act, head: ConsentRecord | None) -> ConsentRecord:
    key_id = signing_key_id()
    salt = secrets.token_hex(16) if act.personal else ""
    personal = plain(act.personal) if act.personal else None
    record = ConsentRecord(
        brand=act.brand,
        phone_hash=act.phone_hash,
        sequence=head.sequence + 1 if head else 1,
        contact=act.contact,
        status=act.status.value,
        channel=Channel(act.channel).value,
        topic=act.topic,
        method=act.method.value,
        wording=storable(act.wording),
        wording_language=storable(act.wording_language)[:10],
        evidence=plain(act.evidence),
        personal=personal,
        salt=salt,
        personal_digest=personal_digest(personal, salt),
        actor=storable(act.actor)[:150],
        occurred_at=act.occurred_at,
        recorded_at=clock.now(),
        key_id=key_id,
        previous_mac=head.mac if head else "",
    )
    record.mac = record_mac(record, ledger_keys()[key_id])
    return record


def _kept(record: ConsentRecord) -> dict[str, Any]:
    return {
        "brand": record.brand_id,
        "phone_hash": record.phone_hash,
        "sequence": record.sequence,
        "status": record.status,
        "channel": record.channel,
        "topic": record.topic,
        "method": record.method,
        "wording": record.wording,
        "wording_language": record.wording_language,
        "evidence": record.evidence,
        "personal_digest": record.personal_digest,
        "actor": record.actor,
        "occurred_at": instant(record.occurred_at),
        "recorded_at": instant(record.recorded_at),
        "key_id": record.key_id,
        "previous_mac": record.previous_mac,
    }
