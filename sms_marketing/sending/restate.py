"""Writes down what was sent, where a worker died before it could."""

from __future__ import annotations

import logging
from collections.abc import Collection

from django.db import router

from sms_marketing.exceptions import SmsMarketingError
from sms_marketing.models import Message
from sms_marketing.sending.rendering import RenderedText, Voice, finish, prepare

logger = logging.getLogger(__name__)


def restate(message_ids: Collection[int]) -> int:
    """Fill in text, parts and price of messages that left without; returns how many.

    By the same code that made the lost ones (R9). What a carrier has told is kept, and
    an erased person's text stays blank.
    """
    messages = Message.objects.using(router.db_for_write(Message)).select_related(
        "brand", "contact", "sender", "variant"
    )
    unwritten = messages.filter(pk__in=message_ids, price__isnull=True).exclude(
        to_phone=""
    )
    return sum(_restate(message) for message in unwritten)


def _restate(message: Message) -> bool:
    try:
        made = _render(message)
    except SmsMarketingError:
        logger.warning("the text of message %s cannot be made again", message.pk)
        return False
    parts = message.part_count or made.part_count
    price = made.price and made.price / made.part_count * parts
    same = Message.objects.using(message._state.db).filter(
        pk=message.pk, price__isnull=True, to_phone=message.to_phone
    )
    return bool(
        same.update(
            body=made.text,
            language=made.language,
            part_count=parts,
            price=price,
            currency=made.currency,
        )
    )


def _render(message: Message) -> RenderedText:
    if message.variant is None:
        return finish(
            message.body,
            voice=Voice.load(message.sender, brand=message.brand),
            category=message.category,
            language=message.language or message.brand.fallback_language,
            country=message.contact.country,
            message_id=message.pk,
        )
    return prepare(
        message.variant,
        contact=message.contact,
        sender=message.sender,
        brand=message.brand,
        language=message.language,
        context=message.context,
        message_id=message.pk,
    )
