"""A test send: the text to one phone, outside the audience and the report."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser

from sms_marketing import contacts, sending
from sms_marketing.campaigns.audience import sample_recipients
from sms_marketing.campaigns.preview import Preview, preview, variant_for
from sms_marketing.exceptions import InvalidRule, NotSendable
from sms_marketing.models import Campaign, Category, Contact, Message, Variant

logger = logging.getLogger(__name__)


def send_test(
    campaign: Campaign,
    *,
    phone: str = "",
    contact: Contact | None = None,
    like: Contact | None = None,
    variant: Variant | None = None,
    language: str = "",
    by: AbstractBaseUser | None,
) -> Message:
    """Send the text to a colleague now, whatever the hour and without consent.

    It reads as for ``like``: a recipient of the audience unless one is named, else the
    colleague. The row is a service message marked as a test: it belongs to no campaign,
    so it takes nobody's place and enters no report. Raises InvalidPhone, or NotSendable
    with what is wrong with the text.
    """
    reader = contact or contacts.upsert(phone=phone, region=campaign.brand.region)
    model = like or _first_recipient(campaign) or reader
    chosen = variant or variant_for(campaign, model)
    wanted = language or model.language
    context: dict[str, Any] = {}
    shown = preview(campaign, contact=reader, variant=chosen, language=wanted)
    for write_day in (_as_printed, date.isoformat) if model != reader else ():
        context = _values_of(model, chosen, write_day=write_day)
        shown = preview(
            campaign, contact=reader, variant=chosen, language=wanted, context=context
        )
        if not shown.problems:
            break
    return _queue(campaign, shown, model, variant=chosen, context=context, by=by)


def _first_recipient(campaign: Campaign) -> Contact | None:
    try:
        return next(iter(sample_recipients(campaign, n=1)), None)
    except InvalidRule:
        return None  # Told by the checks; a text can be tried all the same.


def _queue(
    campaign: Campaign,
    shown: Preview,
    model: Contact,
    *,
    variant: Variant | None,
    context: dict[str, Any],
    by: AbstractBaseUser | None,
) -> Message:
    if shown.problems:
        raise NotSendable(shown.problems[0].message)
    message = sending.enqueue(
        shown.contact,
        brand=campaign.brand,
        category=Category.TRANSACTIONAL,
        sender=campaign.sender,
        variant=variant,
        language=shown.language,
        context=context,
        # Names whose values it shows, so that erasing them finds it (R11).
        once_key=f"test:{model.pk}:{secrets.token_hex(8)}",
        is_test=True,
    )
    assert message is not None  # 64 random bits: none can be there already.
    logger.info(
        "test of campaign %s queued as message %s by user %s",
        campaign.pk,
        message.pk,
        by and by.pk,
    )
    return message


def _values_of(
    model: Contact, variant: Variant | None, *, write_day: Callable[[date], str]
) -> dict[str, Any]:
    # Only what the texts say: the row is a colleague's, the values are another's.
    bodies = variant.bodies.values_list("language", "text") if variant else ()
    fields = sending.wording_of(dict(bodies)).fields
    if not fields:
        return {}
    values = sending.load_merge_contexts([model.pk], fields).get(model.pk, {})
    groups = {name.partition(".")[0] for name in fields}
    used = {name: value for name, value in values.items() if name in groups}
    return {name: _as_json(value, write_day) for name, value in used.items()}


def _as_json(value: Any, write_day: Callable[[date], str]) -> Any:
    if isinstance(value, dict):
        return {name: _as_json(one, write_day) for name, one in value.items()}
    if isinstance(value, date):
        return write_day(value)
    return float(value) if isinstance(value, Decimal) else value


def _as_printed(day: date) -> str:
    # What a text without the filter "date" prints; the filter reads ISO days only.
    return f"{day:%d.%m.%Y}"
