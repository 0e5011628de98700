"""News from the rooms below that end enrollments."""

from __future__ import annotations

from django.db import router
from django.dispatch import receiver

from sms_marketing.core import clock
from sms_marketing.journeys import exits
from sms_marketing.models import (
    Category,
    ConsentRecord,
    Contact,
    Enrollment,
    EnrollmentStatus,
)
from sms_marketing.signals import contact_opted_out

OPTED_OUT = "opted_out"


@receiver(contact_opted_out, dispatch_uid="sms_marketing.journeys.opted_out")
def leave_marketing(
    *, contact: Contact | None, record: ConsentRecord, **kwargs: object
) -> None:
    """Who withdraws consent is on no marketing journey of that brand any more."""
    if contact is None:
        return
    using = router.db_for_write(Enrollment)
    rows = Enrollment.objects.using(using).filter(
        contact=contact,
        status=EnrollmentStatus.ACTIVE,
        journey__brand=record.brand_id,
        journey__category=Category.MARKETING,
    )
    if record.topic:
        rows = rows.filter(journey__topic=record.topic)
    found = list(rows.select_related("journey").prefetch_related("journey__steps"))
    exits.end(found, reason=OPTED_OUT, at=clock.now(), using=using)
