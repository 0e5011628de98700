"""The operator's word on a message of which nobody knows whether it left."""

from __future__ import annotations

import logging
from typing import Any, Literal

from django.db import router

from sms_marketing.core.db import DatabaseNow
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import InvalidTransition
from sms_marketing.models import Message, MessageStatus
from sms_marketing.sending.restate import restate

logger = logging.getLogger(__name__)

Decision = Literal["sent", "failed", "again"]
BY_OPERATOR = "operator"


def resolve_unconfirmed(message: Message, decision: Decision, *, by: Any) -> Message:
    """Settle an unconfirmed message as sent or failed, or send it again; logged.

    "again" may double it: the one place where that is a person's choice. Raises
    InvalidTransition if it is not unconfirmed any more: news came in meanwhile.
    """
    if decision not in _CHANGES:
        raise ValueError(f"Decide {', '.join(_CHANGES)}; not {decision!r}.")
    using = router.db_for_write(Message)
    open_row = Message.objects.using(using).filter(
        pk=message.pk, status=MessageStatus.UNCONFIRMED, attempt=message.attempt
    )
    if not open_row.update(**_CHANGES[decision]):
        raise InvalidTransition(
            f"Message {message.pk} is not unconfirmed any more. Load the page again."
        )
    if decision == "sent":
        restate([message.pk])
    if decision == "again":
        nudge("dispatch", using=using)
    user = getattr(by, "pk", by)
    logger.warning("message %s resolved as %s by %s", message.pk, decision, user)
    message.refresh_from_db(using=using)
    return message


_CHANGES: dict[str, dict[str, Any]] = {
    "sent": {"status": MessageStatus.SENT, "sent_at": DatabaseNow()},
    "failed": {"status": MessageStatus.FAILED, "error_code": BY_OPERATOR},
    "again": {
        "status": MessageStatus.QUEUED,
        "due_at": DatabaseNow(),
        "batch": None,
    },
}
