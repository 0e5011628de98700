"""The proof of the ledger: check the chains, seal them, check the seals (R11).

A seal digests the MACs of all records since the seal before it, in the order of their
ids, and goes on from that one's digest: each record is read once to be sealed, and a
record or chain that vanishes later shows.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import router, transaction

from sms_marketing.contacts.keys import keyed_digest, ledger_keys, signing_key_id
from sms_marketing.contacts.ledger import (
    canonical,
    instant,
    personal_digest,
    record_mac,
)
from sms_marketing.core import clock
from sms_marketing.models import Brand, ConsentRecord, LedgerSeal

#: A seal leaves out the newest records: a transaction that began before them may still
#: add one with a lower id. Longer than any request of ours lasts.
SETTLE = timedelta(minutes=10)
#: How long the tick leaves the ledger without a new seal.
SEAL_EVERY = timedelta(hours=1)
#: Faults that a report lists; one altered backup may have a million.
MAX_FAULTS = 1000
#: Records read at once.
CHUNK = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerReport:
    """Whether the ledger proves itself; faults name ids, never a person."""

    ok: bool
    faults: list[str]
    records: int
    chains: int


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


def seal_hourly(*, settle: timedelta = SETTLE) -> bool:
    """Seal when the last seal is an hour old; True if that was so. For each tick."""
    last = _last_seal(router.db_for_write(LedgerSeal))
    if last is not None and last.sealed_at > clock.now() - SEAL_EVERY:
        return False
    return seal_ledger(settle=settle) != last


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
        "sealed_at": instant(seal.sealed_at),
        "last_record": seal.last_record,
        "chain_count": seal.chain_count,
        "heads_digest": seal.heads_digest,
        "key_id": seal.key_id,
        "previous_mac": seal.previous_mac,
    }
    return keyed_digest(secret, canonical(kept))


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
