"""Takes due messages for this worker, and what the gate must know of them."""

from __future__ import annotations

import os
import platform
import threading
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import router

from sms_marketing.conf import settings
from sms_marketing.core.db import claim_rows
from sms_marketing.models import Message, MessageStatus, SendBatch
from sms_marketing.sending.lanes import Lane

#: Rows of one claim; more saves nothing (performance.md §3b).
MAX_BATCH = 1000


class Row(NamedTuple):
    """One claimed message and its contact as plain values, for the hot loop."""

    pk: int
    attempt: int
    brand: int
    category: str
    topic: str
    to_phone: str
    contact: int
    campaign: int | None
    variant: int | None
    language: str
    body: str
    context: dict[str, Any] | None
    due_at: datetime
    expires_at: datetime | None
    guard: str
    guard_object: str
    contact__phone: str | None
    contact__country: str
    contact__zone: str
    contact__language: str
    campaign__status: str | None
    enrollment__status: str | None
    enrollment__journey__status: str | None


class Claim(NamedTuple):
    """A batch of ours and its rows in the order of their ids."""

    batch_id: int
    rows: list[Row]


def claim_messages(lane: Lane, *, limit: int) -> Claim | None:
    """Take up to ``limit`` due rows of a lane; None if others were quicker.

    Two statements: one takes, one reads.
    """
    using = router.db_for_write(Message)
    batch = SendBatch(worker=worker_name(), sender=lane.carrier)
    taken = claim_rows(
        lane.due,
        batch=batch,
        changes={"status": MessageStatus.CLAIMED, "sender": lane.carrier},
        lease=timedelta(seconds=settings().LEASE_SECONDS),
        limit=min(limit, MAX_BATCH),
        using=using,
    )
    if not taken:
        return None
    rows = Message.objects.using(using).filter(
        batch=batch, status=MessageStatus.CLAIMED
    )
    values = rows.order_by("pk").values_list(*Row._fields)
    return Claim(batch_id=batch.pk, rows=[Row._make(value) for value in values])


def worker_name() -> str:
    """Host, process and thread, for the operator who looks for a stuck worker."""
    return f"{platform.node()[:40]}:{os.getpid()}:{threading.get_native_id()}"
