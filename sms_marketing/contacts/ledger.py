"""The consent ledger: chains of MACs, their seals, and how to prove them (R11)."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import IntegrityError, router, transaction

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
    LedgerSeal,
)

#: How often an append may lose the race for the next place in its chain.
MAX_RACES = 20
#: A seal leaves out the newest records: a transaction that began before them may still
#: add one with a lower id. Longer than any request of ours lasts.
SETTLE = timedelta(minutes=10)
#: Faults that a report lists; one altered backup may have a million.
MAX_FAULTS = 1000
#: Records read at once.
CHUNK = 2000


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


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """Whether the ledger proves itself; faults name ids, never a person."""

    ok: bool
    faults: list[str]
    records: int
    chains: int


def append(act: Act, *, using: str) -> list[ConsentRecord]:
    """Add an act to its chain; return the whole chain, the new record last.

    Safe when two append at once: the unique place in the chain lets one through, the
    other reads again. Runs in the caller's transaction.
    """
    for race in range(MAX_RACES):
        try:
            with transaction.atomic(using=using):
                chain = _locked_chain(act, using)
                record = _next_record(act, chain[-1] if chain else None)
                record.save(using=using, force_insert=True)
            return [*chain, record]
        except IntegrityError:
            if race == MAX_RACES - 1:
                raise
    raise AssertionError("the loop above returns or raises")


def verify_ledger(*, brand: Brand | None = None) -> LedgerReport:
    """Check every record, every chain and, for all brands together, every seal.

    Finds an altered field, a missing first or middle record, a key that is not known,
    and by the seals a missing last record or a missing chain. What came after the last
    seal and is the end of its chain can vanish unseen until the next seal.
    """
    using = router.db_for_write(ConsentRecord)
    findings = _Findings()
    _check_chains(findings, brand, using)
    if brand is None:
        _check_seals(findings, using)
    return findings.report()


def seal_ledger(*, settle: timedelta = SETTLE) -> LedgerSeal:
    """Seal the records since the last seal; return the newest seal.

    Set-based: reads each record once in its life. Does nothing when nothing is new.
    """
    using = router.db_for_write(LedgerSeal)
    last = _last_seal(using)
    records = ConsentRecord.objects.using(using)
    settled = records.filter(recorded_at__lte=clock.now() - settle)
    newest = settled.order_by("-pk").values_list("pk", flat=True).first() or 0
    if last is not None and newest <= last.last_record:
        return last
    digest = _Digest(last.heads_digest if last else "")
    chains = last.chain_count if last else 0
    fresh = records.filter(pk__gt=last.last_record if last else 0, pk__lte=newest)
    for mac, sequence in _rows(fresh.order_by("pk").values_list("mac", "sequence")):
        digest.add(mac)
        chains += sequence == 1
    return _write_seal(last, newest, chains, digest.value(), using)


def personal_digest(personal: Mapping[str, Any] | None, salt: str) -> str:
    """Digest of what names the person; the salt makes it useless once both are gone."""
    return hashlib.sha256((salt + _canonical(personal)).encode()).hexdigest()


def record_mac(record: ConsentRecord, secret: str) -> str:
    """MAC over everything of a record that is kept for ever, and the record before."""
    return keyed_digest(secret, _canonical(_kept(record)))


def plain(value: Any) -> Any:
    """Return evidence as every database gives it back: text, whole numbers, no floats.

    PostgreSQL's jsonb turns 1e16 into a whole number, and the MAC would not verify.
    """
    if isinstance(value, Mapping):
        return {storable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    return storable(str(value))


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
        "occurred_at": _instant(record.occurred_at),
        "recorded_at": _instant(record.recorded_at),
        "key_id": record.key_id,
        "previous_mac": record.previous_mac,
    }


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")


def _rows(query: Any) -> Iterator[Any]:
    return iter(query.iterator(chunk_size=CHUNK))


class _Findings:
    """What a check has seen so far."""

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.records = 0
        self.chains = 0

    def add(self, fault: str) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(fault)

    def report(self) -> LedgerReport:
        return LedgerReport(
            ok=not self.faults,
            faults=self.faults,
            records=self.records,
            chains=self.chains,
        )


def _check_chains(findings: _Findings, brand: Brand | None, using: str) -> None:
    records = ConsentRecord.objects.using(using).order_by(
        "brand_id", "phone_hash", "sequence"
    )
    if brand is not None:
        records = records.filter(brand=brand)
    before: ConsentRecord | None = None
    for record in _rows(records):
        if before is not None and not _same_chain(before, record):
            before = None
        findings.records += 1
        findings.chains += before is None
        for fault in _faults_of(record, before):
            findings.add(f"record {record.pk}: {fault}")
        before = record


def _same_chain(one: ConsentRecord, other: ConsentRecord) -> bool:
    return (one.brand_id, one.phone_hash) == (other.brand_id, other.phone_hash)


def _faults_of(record: ConsentRecord, before: ConsentRecord | None) -> Iterator[str]:
    if record.sequence != (before.sequence + 1 if before else 1):
        yield "a record before it is missing"
    elif record.previous_mac != (before.mac if before else ""):
        yield "it does not follow from the record before it"
    secret = ledger_keys().get(record.key_id)
    if secret is None:
        yield f"LEDGER_KEYS has no key {record.key_id!r}"
    elif not hmac.compare_digest(record.mac, record_mac(record, secret)):
        yield "it was altered"
    if record.personal is None and not record.salt:
        return  # erased, or there was nothing personal
    digest = personal_digest(record.personal, record.salt)
    if not hmac.compare_digest(record.personal_digest, digest):
        yield "what names the person was altered"


class _Digest:
    """A running digest of MACs: each seal goes on from the one before."""

    def __init__(self, before: str) -> None:
        self._hash = hashlib.sha256(before.encode())

    def add(self, mac: str) -> None:
        self._hash.update(mac.encode())

    def value(self) -> str:
        return self._hash.hexdigest()


def _last_seal(using: str) -> LedgerSeal | None:
    return LedgerSeal.objects.using(using).order_by("-pk").first()


def _write_seal(
    last: LedgerSeal | None, newest: int, chains: int, digest: str, using: str
) -> LedgerSeal:
    with transaction.atomic(using=using):
        # The default brand is always there: its row serves as the lock of all seals.
        Brand.objects.using(using).select_for_update().filter(is_default=True).first()
        current = _last_seal(using)
        if current is not None and (last is None or current.pk != last.pk):
            return current
        seal = LedgerSeal(
            sealed_at=clock.now(),
            last_record=newest,
            chain_count=chains,
            heads_digest=digest,
            key_id=signing_key_id(),
            previous_mac=last.mac if last else "",
        )
        seal.mac = _seal_mac(seal, ledger_keys()[seal.key_id])
        seal.save(using=using)
        return seal


def _seal_mac(seal: LedgerSeal, secret: str) -> str:
    kept = {
        "sealed_at": _instant(seal.sealed_at),
        "last_record": seal.last_record,
        "chain_count": seal.chain_count,
        "heads_digest": seal.heads_digest,
        "key_id": seal.key_id,
        "previous_mac": seal.previous_mac,
    }
    return keyed_digest(secret, _canonical(kept))


def _check_seals(findings: _Findings, using: str) -> None:
    rows = _rows(
        ConsentRecord.objects.using(using)
        .order_by("pk")
        .values_list("pk", "mac", "sequence")
    )
    row = next(rows, None)
    before: LedgerSeal | None = None
    for seal in LedgerSeal.objects.using(using).order_by("pk"):
        digest = _Digest(before.heads_digest if before else "")
        chains = before.chain_count if before else 0
        while row is not None and row[0] <= seal.last_record:
            digest.add(row[1])
            chains += row[2] == 1
            row = next(rows, None)
        for fault in _faults_of_seal(seal, before, digest.value(), chains):
            findings.add(f"seal {seal.pk}: {fault}")
        before = seal


def _faults_of_seal(
    seal: LedgerSeal, before: LedgerSeal | None, digest: str, chains: int
) -> Iterator[str]:
    secret = ledger_keys().get(seal.key_id)
    if secret is None:
        yield f"LEDGER_KEYS has no key {seal.key_id!r}"
    elif not hmac.compare_digest(seal.mac, _seal_mac(seal, secret)):
        yield "it was altered"
    if seal.previous_mac != (before.mac if before else ""):
        yield "a seal before it is missing"
    if chains != seal.chain_count:
        yield "a whole chain that it covers was removed or added"
    elif digest != seal.heads_digest:
        yield "a record that it covers was removed or added"
