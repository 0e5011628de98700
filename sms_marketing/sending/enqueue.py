"""The one place where a message of no campaign is born."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, router, transaction

from sms_marketing import text as letters
from sms_marketing.core.db import database_now, repeated_after_deadlock
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import NotSendable
from sms_marketing.models import (
    Brand,
    Category,
    Contact,
    Enrollment,
    Message,
    MessageStatus,
    Priority,
    Sender,
    SkipReason,
    Step,
    Variant,
)
from sms_marketing.sending.senders import choose_sender

PRIORITIES = {
    Category.OTP: Priority.URGENT,
    Category.COMPLIANCE: Priority.URGENT,
    Category.TRANSACTIONAL: Priority.TRANSACTIONAL,
    Category.MARKETING: Priority.MARKETING,
}


def enqueue(
    contact: Contact,
    *,
    brand: Brand,
    category: str,
    sender: Sender | None = None,
    text: str = "",
    variant: Variant | None = None,
    language: str = "",
    context: Mapping[str, Any] | None = None,
    once_key: str | None,
    due_at: datetime | None = None,
    priority: int | None = None,
    topic: str = "",
    guard: str = "",
    guard_object: str = "",
    enrollment: Enrollment | None = None,
    step: Step | None = None,
    is_test: bool = False,
    expires_at: datetime | None = None,
) -> Message | None:
    """Queue one message, a finished ``text`` or a ``variant``; it leaves when due.

    None when ``once_key`` was there already: calling twice is harmless (R2). Where no
    sender may carry it, the row says so. Raises NotSendable only if the brand has no
    sender at all, and InvalidBody for a text with control characters.
    """
    using = router.db_for_write(Message)
    now = database_now(using)
    message = Message(
        brand=brand,
        category=category,
        topic=topic,
        priority=PRIORITIES[Category(category)] if priority is None else priority,
        contact=contact,
        to_phone=contact.phone or "",
        variant=variant,
        enrollment=enrollment,
        step=step,
        once_key=once_key,
        is_test=is_test,
        language=language or contact.language,
        body=letters.normalize(text),
        context=dict(context) if context else None,
        due_at=due_at or now,
        expires_at=expires_at,
        guard=guard,
        guard_object=guard_object,
        created_at=now,
    )
    _give_sender(message, sender)
    if not _insert(message, using):
        return None
    if message.status == MessageStatus.QUEUED and message.due_at <= now:
        nudge("dispatch", "direct", using=using)
    return message


def _give_sender(message: Message, wanted: Sender | None) -> None:
    chosen = wanted or choose_sender(message.brand, category=message.category)
    if chosen is None:
        message.status = MessageStatus.SKIPPED
        message.skip_reason = SkipReason.NO_SENDER
        chosen = message.brand.senders.first()
    if chosen is None:
        raise NotSendable(
            f"The brand {message.brand.code} has no sender. Add one in the admin."
        )
    message.sender = chosen


@repeated_after_deadlock(Message)
def _insert(message: Message, using: str) -> bool:
    try:
        with transaction.atomic(using=using):
            message.save(using=using, force_insert=True)
    except IntegrityError:
        there = Message.objects.using(using).filter(once_key=message.once_key)
        if message.once_key is None or not there.exists():
            raise
        return False
    return True
