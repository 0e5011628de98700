"""Numbers that a carrier refuses for good are not tried again."""

from __future__ import annotations

import logging

from sms_marketing import contacts
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import Brand, Sender, SuppressionReason, SuppressionScope
from sms_marketing.providers import ErrorKind

logger = logging.getLogger(__name__)


def suppress_refused(
    phone: str, *, kind: str, brand: Brand, sender: Sender, message_id: int
) -> None:
    """Hold back a number: from this sender if it opted out there, else from all.

    Does nothing for kinds that say nothing about the number, or if it is erased.
    """
    if not phone or kind not in (ErrorKind.OPTED_OUT, ErrorKind.INVALID_NUMBER):
        return
    opted_out = kind == ErrorKind.OPTED_OUT
    reason = SuppressionReason.CARRIER if opted_out else SuppressionReason.INVALID
    try:
        contacts.suppress(
            phone,
            scope=SuppressionScope.EVERYTHING,
            reason=reason,
            brand=brand,
            sender=sender if opted_out else None,
            actor=sender.provider,
        )
    except InvalidPhone:
        logger.warning("message %s went to a number that is none", message_id)
