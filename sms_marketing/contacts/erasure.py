"""A person forgotten on request, while the proof that they were asked stays (R11)."""

from __future__ import annotations

from typing import Any

from django.db import router, transaction
from django.db.models import Q

from sms_marketing import signals
from sms_marketing.contacts.announcing import announce
from sms_marketing.contacts.ledger import Act, append
from sms_marketing.contacts.suppression import suppress
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.models import (
    Brand,
    Click,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
    Contact,
    ContactIdentity,
    ContactTag,
    Enrollment,
    EnrollmentStatus,
    ErasureLog,
    Event,
    InboundMessage,
    Message,
    MessageStatus,
    SegmentMember,
    SkipReason,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)

EXIT_REASON = "erased"


@repeated_after_deadlock(Contact)
def erase(contact: Contact, *, by: Any = None, reason: str = "") -> None:
    """Forget a person for good, GDPR art. 17; a second time does nothing.

    Blanks profile, tags, identities, texts in and out, event properties, click
    addresses and what the ledger knows of the person. Keeps the rows for the sums, the
    ledger valid, and a keyed hash of the number that holds back every later import.
    What waits to be sent is left out; what a worker has in hand, its gate refuses.
    ``by`` is the user who asked for it; ``reason`` names no person.
    """
    using = router.db_for_write(Contact)
    with transaction.atomic(using=using):
        row = Contact.objects.using(using).select_for_update().get(pk=contact.pk)
        if row.erased_at is None:
            _blank_ledger(row, using)
            _hold_back(row, using)
            _blank_messages(row, using)
            _blank_behaviour(row, using)
            _blank_contact(row, using)
            _log(row, by, reason, using)
            announce(signals.contact_erased, using=using, sender=Contact, contact=row)
    contact.refresh_from_db(using=using)


def _blank_ledger(contact: Contact, using: str) -> None:
    records = ConsentRecord.objects.using(using)
    brands = Brand.objects.using(using).order_by("pk")
    own = Q(contact=contact)
    if contact.phone_hash:
        # The brands are named because the index of the chains begins with them.
        own |= Q(
            contact=None,
            brand_id__in=list(brands.values_list("pk", flat=True)),
            phone_hash=contact.phone_hash,
        )
    chains = records.filter(phone_hash=contact.phone_hash).filter(own)
    for brand in brands.filter(pk__in=set(chains.values_list("brand_id", flat=True))):
        append(
            Act(
                brand=brand,
                phone_hash=contact.phone_hash,
                contact=None,
                status=ConsentStatus.OPTED_OUT,
                method=ConsentMethod.ERASURE,
                occurred_at=clock.now(),
            ),
            using=using,
        )
    records.filter(own).blank_personal()
    ConsentState.objects.using(using).filter(contact=contact).delete()


def _hold_back(contact: Contact, using: str) -> None:
    # Advertising only: whoever orders again later is owed the order's own messages.
    Suppression.objects.using(using).filter(contact=contact).update(contact=None)
    if not contact.phone_hash:
        return
    for brand in Brand.objects.using(using).order_by("pk"):
        suppress(
            contact.phone_hash,
            scope=SuppressionScope.MARKETING,
            reason=SuppressionReason.ERASED,
            brand=brand,
        )


def _blank_messages(contact: Contact, using: str) -> None:
    messages = Message.objects.using(using).filter(contact=contact)
    # Compare and swap: a row that a worker has claimed is its own affair, and its gate
    # asks once more before anything leaves.
    messages.filter(status=MessageStatus.QUEUED).update(
        status=MessageStatus.SKIPPED, skip_reason=SkipReason.ERASED
    )
    messages.update(body="", to_phone="", context=None)
    # Test messages to colleagues that read as for this contact (campaigns.send_test).
    shown = Message.objects.using(using).filter(
        once_key__startswith=f"test:{contact.pk}:"
    )
    shown.exclude(status=MessageStatus.QUEUED).update(body="", context=None)
    shown.filter(status=MessageStatus.QUEUED).update(
        status=MessageStatus.SKIPPED,
        skip_reason=SkipReason.ERASED,
        body="",
        context=None,
    )
    Click.objects.using(using).filter(contact=contact).update(ip=None, user_agent="")
    theirs = Q(contact=contact)
    if contact.phone:
        theirs |= Q(contact=None, from_phone=contact.phone)
    InboundMessage.objects.using(using).filter(theirs).update(text="", from_phone="")


def _blank_behaviour(contact: Contact, using: str) -> None:
    Event.objects.using(using).filter(contact=contact).update(properties={})
    enrollments = Enrollment.objects.using(using).filter(contact=contact)
    enrollments.filter(status=EnrollmentStatus.ACTIVE).update(
        status=EnrollmentStatus.EXITED,
        due_at=None,
        ended_at=clock.now(),
        exit_reason=EXIT_REASON,
    )
    enrollments.update(context={})


def _blank_contact(contact: Contact, using: str) -> None:
    ContactTag.objects.using(using).filter(contact=contact).delete()
    ContactIdentity.objects.using(using).filter(contact=contact).delete()
    SegmentMember.objects.using(using).filter(contact=contact).delete()
    empty = Contact(pk=contact.pk)
    kept = {"id", "created_at", "updated_at", "erased_at", "phone"}
    for field in Contact._meta.concrete_fields:
        if field.name not in kept:
            setattr(contact, field.name, getattr(empty, field.name))
    contact.phone = None
    contact.erased_at = clock.now()
    contact.save(using=using)


def _log(contact: Contact, by: Any, reason: str, using: str) -> None:
    ErasureLog.objects.using(using).create(
        contact=contact,
        erased_at=contact.erased_at or clock.now(),
        erased_by=by,
        erased_by_name=by.get_username()[:150] if by else "",
        reason=reason[:200],
    )
