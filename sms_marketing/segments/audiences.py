"""Who is in a segment, and how many."""

from __future__ import annotations

from datetime import datetime

from django.db import router
from django.db.models import Exists, OuterRef, Q, QuerySet

from sms_marketing.core import clock
from sms_marketing.models import Brand, Contact, Segment, SegmentMember
from sms_marketing.segments.compiler import compile_rules


def audience(
    segment: Segment, *, brand: Brand | None = None, now: datetime | None = None
) -> QuerySet[Contact]:
    """Return the contacts of a segment, each once, without those who were erased.

    One query, evaluated by the caller; consent is asked for only where a rule does.
    ``brand`` and ``now`` as in ``compile_rules``. Do not slice it in order of id to
    show a few: PostgreSQL then walks all contacts (4.9 s instead of 0.2 ms at a
    million). Raises InvalidRule.
    """
    if segment.kind == Segment.Kind.STATIC:
        rows = SegmentMember.objects.filter(contact=OuterRef("pk"), segment=segment.pk)
        belongs = Q(Exists(rows))
    else:
        belongs = compile_rules(segment.rules, brand=brand, now=now)
    return Contact.objects.filter(belongs, erased_at__isnull=True)


def count(
    segment: Segment, *, brand: Brand | None = None, now: datetime | None = None
) -> int:
    """Return how many there are, and keep the number with a saved segment."""
    now = now or clock.now()
    segment.last_count = audience(segment, brand=brand, now=now).count()
    segment.last_counted_at = now
    # Not save(): counting is no change of the segment, "updated_at" stays.
    rows = Segment.objects.using(router.db_for_write(Segment))
    rows.filter(pk=segment.pk).update(
        last_count=segment.last_count, last_counted_at=now
    )
    return segment.last_count
