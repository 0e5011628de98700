"""A test send: the text to one phone, outside the audience and the report."""

from __future__ import annotations

import logging

from django.contrib.auth.base_user import AbstractBaseUser

from sms_marketing import contacts, sending
from sms_marketing.campaigns.preview import preview, variant_for
from sms_marketing.exceptions import NotSendable
from sms_marketing.models import Campaign, Category, Contact, Message, Variant

logger = logging.getLogger(__name__)


def send_test(
    campaign: Campaign,
    *,
    phone: str = "",
    contact: Contact | None = None,
    variant: Variant | None = None,
    by: AbstractBaseUser | None,
) -> Message:
    """Send the text to a colleague now, whatever the hour and without consent.

    The row is a service message marked as a test: it belongs to no campaign, so it
    takes nobody's place and enters no report. Raises InvalidPhone, or NotSendable with
    what is wrong with the text for this recipient.
    """
    reader = contact or contacts.upsert(phone=phone, region=campaign.brand.region)
    shown = preview(campaign, contact=reader, variant=variant)
    if shown.problems:
        raise NotSendable(shown.problems[0].message)
    message = sending.enqueue(
        reader,
        brand=campaign.brand,
        category=Category.TRANSACTIONAL,
        sender=campaign.sender,
        variant=variant or variant_for(campaign, reader),
        language=shown.language,
        once_key=None,
        is_test=True,
    )
    assert message is not None  # Without a key, none can be there already.
    logger.info(
        "test of campaign %s queued as message %s by user %s",
        campaign.pk,
        message.pk,
        by and by.pk,
    )
    return message
