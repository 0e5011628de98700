"""Replies: kept once, acted on at once, answered at most once (R1, R7)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from django.db import router, transaction
from django.utils import timezone

from sms_marketing import contacts, phones, sending, signals
from sms_marketing.conversations.answers import answer_language, answer_text
from sms_marketing.conversations.keywords import NOTHING, STOPS, Verdict, classify
from sms_marketing.conversations.words import VOCABULARIES
from sms_marketing.core import clock
from sms_marketing.core.db import insert_missing
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import (
    Brand,
    Category,
    ConsentMethod,
    ConsentRecord,
    ConsentStatus,
    Contact,
    InboundMessage,
    Message,
    Sender,
    SuppressionReason,
    SuppressionScope,
)
from sms_marketing.providers import Inbound

logger = logging.getLogger(__name__)

Action = InboundMessage.Action

#: The same request is answered once in this time, so that robots do not talk for ever.
#: A second STOP within 24 hours gets no second confirmation (compliance §1.2).
SILENCE = {
    Action.STOP: timedelta(hours=24),
    Action.STOP_ALL: timedelta(hours=24),
    Action.START: timedelta(hours=24),
    Action.HELP: timedelta(hours=1),
}

NO_DATE = "none"


def store_inbound(
    provider_alias: str, inbounds: Sequence[Inbound]
) -> list[InboundMessage]:
    """Keep what a provider handed over and act on it; return the rows in order.

    A replay finds its row and does nothing. All rows are written before the first is
    looked at; what one of them does wrong keeps no other from being processed, and the
    tick tries it again (R6, R7). STOP is in force when this transaction commits.
    """
    using = router.db_for_write(InboundMessage)
    rows = [_row(provider_alias, _storable(inbound), using) for inbound in inbounds]
    stored = _insert(provider_alias, rows, using)
    waiting = [row for row in stored if row.processed_at is None]
    done = [_process_safely(row, using) for row in waiting]
    if not all(done):
        nudge("process_inbound", using=using)
    return stored


def process_inbound(limit: int = 500) -> int:
    """Look at the replies that still wait for it; return how many were processed.

    Those that fail again stay, and however many they are, the others get their turn.
    """
    using = router.db_for_write(InboundMessage)
    waiting = InboundMessage.objects.using(using).filter(processed_at=None)
    done = last = 0
    while done < limit:
        rows = waiting.filter(pk__gt=last).order_by("pk")[: limit - done]
        tried = [(row.pk, _process_safely(row, using)) for row in rows]
        if not tried:
            break
        last = tried[-1][0]
        done += sum(is_done for _pk, is_done in tried)
    return done


def _storable(inbound: Inbound) -> Inbound:
    clean = contacts.storable
    return replace(
        inbound,
        provider_message_id=clean(inbound.provider_message_id),
        from_phone=clean(inbound.from_phone),
        to=clean(inbound.to),
        text=clean(inbound.text),
    )


def _row(alias: str, inbound: Inbound, using: str) -> InboundMessage:
    sender = _sender(alias, inbound.to, using)
    brand = sender.brand if sender else _default_brand(using)
    phone = _phone(inbound.from_phone, brand)
    at = inbound.received_at
    if at is not None and timezone.is_naive(at):
        at = at.replace(tzinfo=UTC)
    return InboundMessage(
        provider=alias,
        dedup_key=_dedup_key(inbound, phone, using),
        sender=sender,
        brand=brand,
        from_phone=phone or inbound.from_phone.strip()[:32],
        to_address=inbound.to.strip()[:32],
        text=inbound.text,
        occurred_at=at,
        received_at=clock.now(),
    )


def _sender(alias: str, address: str, using: str) -> Sender | None:
    bare = address.strip().lstrip("+")
    if not bare:
        return None
    senders = Sender.objects.using(using).select_related("brand")
    return senders.filter(provider=alias, address__in=[bare, f"+{bare}"]).first()


def _default_brand(using: str) -> Brand:
    return Brand.objects.db_manager(using).get_default()


def _phone(raw: str, brand: Brand) -> str:
    # With a plus first: vendors leave it out, and 37120123456 is a valid number of
    # Saxony too. "" for short numbers and names, which can be no contact.
    for text in (f"+{raw.strip().lstrip('+')}", raw):
        try:
            return phones.normalize(text, region=brand.region)
        except InvalidPhone:
            continue
    return ""


def _dedup_key(inbound: Inbound, phone: str, using: str) -> str:
    if 0 < len(inbound.provider_message_id) <= 128:
        return inbound.provider_message_id
    when = inbound.received_at.isoformat() if inbound.received_at else ""
    if not (when or inbound.provider_message_id):
        when = _turn(phone or inbound.from_phone, inbound.text, using)
    return "digest:" + contacts.keyed_hash(
        inbound.provider_message_id, inbound.from_phone, inbound.to, inbound.text, when
    )


def _turn(phone: str, text: str, using: str) -> str:
    """Stands for the time that the vendor does not tell.

    A replay comes within the hour, after nothing else; STOP, START, STOP are three.
    """
    said = InboundMessage.objects.using(using).filter(from_phone=phone)
    other = said.exclude(text=text).order_by("-pk").values_list("pk", flat=True).first()
    return f"{clock.now():%Y-%m-%dT%H}/{other or 0}"


def _insert(alias: str, rows: list[InboundMessage], using: str) -> list[InboundMessage]:
    manager = InboundMessage.objects.using(using)
    insert_missing(InboundMessage, rows, unique=["provider", "dedup_key"], using=using)
    keys = list(dict.fromkeys(row.dedup_key for row in rows))
    kept = manager.filter(provider=alias, dedup_key__in=keys)
    by_key = {row.dedup_key: row for row in kept.select_related("brand", "sender")}
    return [by_key[key] for key in keys]


def _process_safely(row: InboundMessage, using: str) -> bool:
    try:
        with transaction.atomic(using=using):
            _process(row, using)
    except Exception as error:  # noqa: BLE001 (R6: the others must go on)
        # The type alone: the message of an error may quote the row (R10).
        logger.error("reply %s waits: %s", row.pk, type(error).__qualname__)
        return False
    return True


def _process(row: InboundMessage, using: str) -> None:
    rows = InboundMessage.objects.using(using).select_for_update()
    fresh = rows.filter(pk=row.pk, processed_at=None).first()
    if fresh is None:
        return  # another worker did it
    row.contact = _contact(row)
    row.in_reply_to = _last_message(row, using)
    verdict = _verdict(row)
    row.rule = verdict.rule[:80]
    if row.contact is not None and _act(row, verdict, using):
        row.action = verdict.action
        _answer(row, row.contact, verdict, using)
    row.processed_at = clock.now()
    row.save(
        using=using,
        update_fields=["contact", "in_reply_to", "rule", "action", "processed_at"],
    )
    contacts.announce(
        signals.reply_received, using=using, sender=InboundMessage, inbound=row
    )


def _contact(row: InboundMessage) -> Contact | None:
    try:
        return contacts.upsert(phone=row.from_phone, region=row.brand.region)
    except InvalidPhone:
        return None


def _last_message(row: InboundMessage, using: str) -> Message | None:
    sent = Message.objects.using(using).filter(
        contact=row.contact, to_phone=row.from_phone, sent_at__isnull=False
    )
    if row.contact is None:
        return None
    if row.sender is not None:
        sent = sent.filter(sender=row.sender)
    return sent.order_by("-sent_at", "-pk").first()


def _verdict(row: InboundMessage) -> Verdict:
    own = [row.contact.language] if row.contact else []
    # Words of every language count, whatever the brand writes in: a STOP is a STOP.
    languages = [*row.brand.languages, *own, *VOCABULARIES]
    names = [row.brand.name, row.brand.code]
    return classify(row.text, languages=languages, names=names)


def _act(row: InboundMessage, verdict: Verdict, using: str) -> bool:
    if verdict == NOTHING:
        return False
    if verdict.action in STOPS:
        _stop(row, verdict)
    if verdict.action == Action.START:
        if _is_overtaken(row, using):
            return False
        _start(row, verdict)
    return True


def _stop(row: InboundMessage, verdict: Verdict) -> None:
    everything = verdict.action == Action.STOP_ALL
    contacts.opt_out(
        row.from_phone,
        method=ConsentMethod.KEYWORD,
        brand=row.brand,
        scope=SuppressionScope.ALL_BUT_OTP
        if everything
        else SuppressionScope.MARKETING,
        reason=SuppressionReason.STOP_ALL if everything else SuppressionReason.STOP,
        evidence=_evidence(row, verdict),
        personal={"text": row.text},
        occurred_at=_occurred_at(row),
    )


def _start(row: InboundMessage, verdict: Verdict) -> None:
    contacts.opt_in(
        row.from_phone,
        method=ConsentMethod.KEYWORD,
        wording=verdict.rule.partition(":")[2],
        wording_language=verdict.language,
        brand=row.brand,
        evidence=_evidence(row, verdict),
        personal={"text": row.text},
        occurred_at=_occurred_at(row),
    )


def _evidence(row: InboundMessage, verdict: Verdict) -> dict[str, object]:
    return {
        "inbound": row.pk,
        "provider": row.provider,
        "to": row.to_address,
        "rule": verdict.rule,
    }


def _occurred_at(row: InboundMessage) -> datetime:
    # A vendor's clock may be ahead of ours; nobody agrees in the future.
    return min(row.occurred_at or row.received_at, row.received_at)


def _is_overtaken(row: InboundMessage, using: str) -> bool:
    """A START that arrives late must not undo a STOP that was written after it."""
    return (
        ConsentRecord.objects.using(using)
        .filter(
            brand=row.brand,
            phone_hash=contacts.phone_hash(row.from_phone),
            status=ConsentStatus.OPTED_OUT,
            topic="",
            occurred_at__gt=_occurred_at(row),
        )
        .exists()
    )


def _answer(
    row: InboundMessage, contact: Contact, verdict: Verdict, using: str
) -> None:
    if row.sender is None or not row.sender.is_two_way or _was_answered(row, using):
        return
    wanted = (verdict.language, contact.language, row.brand.fallback_language)
    language = answer_language(wanted)
    sending.enqueue(
        contact,
        brand=row.brand,
        category=Category.COMPLIANCE,
        sender=row.sender,
        text=answer_text(verdict.action, row.brand, language),
        language=language,
        once_key=f"inbound:{row.pk}:{verdict.action}",
    )


def _was_answered(row: InboundMessage, using: str) -> bool:
    same: Iterable[str] = STOPS if row.action in STOPS else [row.action]
    return (
        InboundMessage.objects.using(using)
        .filter(
            contact=row.contact,
            brand=row.brand,
            action__in=list(same),
            received_at__gt=row.received_at - SILENCE[Action(row.action)],
            received_at__lte=row.received_at,
        )
        .exclude(pk=row.pk)
        .exists()
    )
