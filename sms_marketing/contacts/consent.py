"""Consent given and withdrawn: evidence, its fold and the suppression in one step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import router, transaction
from django.dispatch import Signal

from sms_marketing import signals
from sms_marketing.contacts.announcing import announce
from sms_marketing.contacts.keys import phone_hash
from sms_marketing.contacts.ledger import Act, append
from sms_marketing.contacts.profiles import normalized, upsert
from sms_marketing.contacts.states import OWN_ACTS, fold, write_states
from sms_marketing.contacts.suppression import hold_back, lift
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.models import (
    Brand,
    Channel,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
    Contact,
    Sender,
    SuppressionReason,
    SuppressionScope,
)


@repeated_after_deadlock(ConsentRecord)
def opt_in(
    phone: str,
    *,
    method: str,
    wording: str,
    wording_language: str = "",
    topic: str = "",
    channel: str = Channel.SMS,
    brand: Brand | None = None,
    evidence: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    actor: str = "",
    occurred_at: datetime | None = None,
    profile: Mapping[str, Any] | None = None,
) -> ConsentRecord:
    """Record that the holder of a number agreed; makes the contact if there is none.

    ``wording`` is the exact text that was shown; ``evidence`` names no person (form,
    URL, file and row), ``personal`` may (IP, user agent, raw text); ``profile`` goes to
    ``upsert``. The person's own act also ends their earlier STOP; an import or an API
    call never does (R11). Raises InvalidPhone.
    """
    how = ConsentMethod(method)
    using = router.db_for_write(ConsentRecord)
    with transaction.atomic(using=using):
        contact = upsert(phone=phone, **(profile or {}))
        act = Act(
            brand=brand or _default_brand(using),
            phone_hash=contact.phone_hash,
            contact=contact,
            status=ConsentStatus.OPTED_IN,
            method=how,
            channel=channel,
            topic=topic,
            wording=wording,
            wording_language=wording_language,
            evidence=evidence or {},
            personal={"phone": contact.phone, **(personal or {})},
            actor=actor,
            occurred_at=occurred_at or clock.now(),
        )
        record = _write(act, using)
        if how in OWN_ACTS:
            lift(contact.phone_hash, brand=act.brand)
        if _is_in_force(act, contact):
            _tell(signals.contact_opted_in, contact, record, using)
    return record


@repeated_after_deadlock(ConsentRecord)
def opt_out(
    phone: str,
    *,
    method: str,
    scope: SuppressionScope = SuppressionScope.MARKETING,
    topic: str = "",
    brand: Brand | None = None,
    reason: SuppressionReason = SuppressionReason.STOP,
    evidence: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
    actor: str = "",
    occurred_at: datetime | None = None,
    sender: Sender | None = None,
) -> ConsentRecord:
    """Record that the holder of a number withdrew; in force once committed (R1).

    Closes every topic and channel of the brand and suppresses the number; with a
    ``topic`` only that topic. With a ``sender`` the suppression holds for it alone.
    Works for a number that is no contact. A second time adds evidence and changes
    nothing else. Raises InvalidPhone.
    """
    number = normalized(phone)
    using = router.db_for_write(ConsentRecord)
    with transaction.atomic(using=using):
        rows = Contact.objects.using(using).select_for_update()
        act = Act(
            brand=brand or _default_brand(using),
            phone_hash=phone_hash(number),
            contact=rows.filter(phone=number).first(),
            status=ConsentStatus.OPTED_OUT,
            method=ConsentMethod(method),
            topic=topic,
            evidence=evidence or {},
            personal={"phone": number, **(personal or {})},
            actor=actor,
            occurred_at=occurred_at or clock.now(),
        )
        record = _write(act, using)
        if not topic:
            # Its contact is not looked up again: to point at one that somebody else
            # has locked is to wait for it, who waits for our place in the chain.
            hold_back(
                act.phone_hash,
                contact=record.contact,
                scope=scope,
                reason=reason,
                brand=act.brand,
                sender=sender,
                actor=actor,
            )
        _tell(signals.contact_opted_out, record.contact, record, using)
    return record


def consent_status(
    contact: Contact, *, brand: Brand, topic: str = "", channel: str = Channel.SMS
) -> ConsentStatus:
    """Return what is in force for a topic; its own word goes before the general one."""
    rows = ConsentState.objects.using(router.db_for_write(ConsentState)).filter(
        contact=contact, brand=brand, channel=channel, topic__in={"", topic}
    )
    said = dict(rows.values_list("topic", "status"))
    own, general = said.get(topic), said.get("", ConsentStatus.UNKNOWN)
    if own in (ConsentStatus.OPTED_IN, ConsentStatus.OPTED_OUT):
        return ConsentStatus(own)
    if general == ConsentStatus.OPTED_IN or own is None:
        return ConsentStatus(general)
    return ConsentStatus(own)


def _write(act: Act, using: str) -> ConsentRecord:
    chain = append(act, using=using)
    # Looked up again: whoever made the contact meanwhile may have agreed before us in
    # the chain, and has not seen us in it. Without a lock, because all others lock the
    # contact before the chain; our place in the chain keeps them off its states.
    found = Contact.objects.using(using).filter(phone_hash=act.phone_hash)
    contact = act.contact or found.first()
    if contact is not None:
        write_states(contact, act.brand.pk, fold(chain), using=using)
    return chain[-1]


def _tell(
    signal: Signal, contact: Contact | None, record: ConsentRecord, using: str
) -> None:
    announce(signal, using=using, sender=ConsentRecord, contact=contact, record=record)


def _is_in_force(act: Act, contact: Contact) -> bool:
    # An import after a STOP is evidence, but no consent.
    status = consent_status(
        contact, brand=act.brand, topic=act.topic, channel=act.channel
    )
    return status == ConsentStatus.OPTED_IN


def _default_brand(using: str) -> Brand:
    return Brand.objects.db_manager(using).get_default()
