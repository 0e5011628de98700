"""Hands rows to the carrier a few at a time, each time saying so first (R3)."""

from __future__ import annotations

from datetime import timedelta

from django.db import router
from django.db.models import QuerySet

from sms_marketing.conf import settings
from sms_marketing.core.db import DatabaseNow
from sms_marketing.models import SendBatch


def advance_watermark(batch_id: int, *, upto: int) -> bool:
    """Say that rows up to this id may be with the carrier from now on.

    One committed write is intent log, heartbeat and fence. False: the batch was given
    to others meanwhile, and its rows are no longer ours to send.
    """
    lease = timedelta(seconds=settings().LEASE_SECONDS)
    moved = _live(batch_id).update(watermark=upto, lease_until=DatabaseNow() + lease)
    return bool(moved)


def close_batch(batch_id: int) -> bool:
    """Say that nothing of a batch is open any more."""
    return bool(_live(batch_id).update(state=SendBatch.State.DONE))


def _live(batch_id: int) -> QuerySet[SendBatch]:
    batches = SendBatch.objects.using(router.db_for_write(SendBatch))
    return batches.filter(pk=batch_id, state=SendBatch.State.LIVE)
