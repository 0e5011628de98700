"""Numbers that are not sent to: known by their hash, so they outlive erasure."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from django.db import router, transaction

from sms_marketing import phones
from sms_marketing.conf import settings
from sms_marketing.contacts.keys import phone_hash
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.models import (
    Brand,
    Category,
    Contact,
    Sender,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)

logger = logging.getLogger(__name__)

#: What the person's own new consent takes back. What a carrier said and a number that
#: does not exist stay; so does all of it against an import (R11).
PERSON_MADE = frozenset(
    {
        SuppressionReason.STOP,
        SuppressionReason.STOP_ALL,
        SuppressionReason.LINK,
        SuppressionReason.STAFF,
        SuppressionReason.API,
        SuppressionReason.IMPORT,
        SuppressionReason.ERASED,
    }
)
#: How far new consent reaches; EVERYTHING is only lifted by hand.
LIFTED_BY_CONSENT = (SuppressionScope.MARKETING, SuppressionScope.ALL_BUT_OTP)

#: A row keeps the strongest reason it was given.
STRENGTH = {
    SuppressionReason.CARRIER: 1,
    SuppressionReason.INVALID: 2,
    SuppressionReason.ERASED: 3,
}

_BLOCKING: dict[str, tuple[SuppressionScope, ...]] = {
    Category.MARKETING: (
        SuppressionScope.MARKETING,
        SuppressionScope.ALL_BUT_OTP,
        SuppressionScope.EVERYTHING,
    ),
    Category.TRANSACTIONAL: (
        SuppressionScope.ALL_BUT_OTP,
        SuppressionScope.EVERYTHING,
    ),
    Category.OTP: (SuppressionScope.EVERYTHING,),
    # The one confirmation of STOP has to pass the STOP itself.
    Category.COMPLIANCE: (SuppressionScope.EVERYTHING,),
}
_HASH = re.compile(r"[0-9a-f]{64}")


def blocking_scopes(category: str) -> tuple[SuppressionScope, ...]:
    """The scopes that hold back a message of this category (R1)."""
    return _BLOCKING[category]


@repeated_after_deadlock(Suppression)
def suppress(
    phone_or_hash: str,
    *,
    scope: SuppressionScope,
    reason: SuppressionReason,
    brand: Brand,
    sender: Sender | None = None,
    actor: str = "",
) -> Suppression:
    """Hold back a number for a brand, or for one sender of it; idempotent.

    A row in force keeps its date; its reason only grows stronger. Raises InvalidPhone.
    """
    hashed = hash_of(phone_or_hash)
    contacts = Contact.objects.using(router.db_for_write(Suppression))
    return hold_back(
        hashed,
        contact=contacts.filter(phone_hash=hashed).first(),
        scope=scope,
        reason=reason,
        brand=brand,
        sender=sender,
        actor=actor,
    )


def hold_back(
    hashed: str,
    *,
    contact: Contact | None,
    scope: SuppressionScope,
    reason: SuppressionReason,
    brand: Brand,
    sender: Sender | None = None,
    actor: str = "",
) -> Suppression:
    """Do what ``suppress`` says, for a hash whose contact is known, or None."""
    using = router.db_for_write(Suppression)
    erased = reason == SuppressionReason.ERASED
    with transaction.atomic(using=using):
        rows = Suppression.objects.using(using).select_for_update()
        row, created = rows.get_or_create(
            brand=brand,
            phone_hash=hashed,
            scope=scope,
            sender_key=sender.pk if sender else Suppression.EVERY_SENDER,
            defaults={
                "contact": None if erased else contact,
                "reason": reason,
                "created_at": clock.now(),
                "actor": actor[:150],
            },
        )
        if not created and _must_change(row, reason):
            row.reason, row.actor = reason, actor[:150]
            row.created_at, row.lifted_at = clock.now(), None
            row.contact = None if erased else contact
            row.save(using=using)
    return row


def lift(
    phone_or_hash: str,
    *,
    brand: Brand,
    reasons: Iterable[SuppressionReason] = PERSON_MADE,
    scopes: Iterable[SuppressionScope] = LIFTED_BY_CONSENT,
    actor: str = "",
) -> int:
    """Let a number be sent to again; return how many suppressions ended.

    The rows stay, with the time at which they ended. Staff may name any reason.
    """
    using = router.db_for_write(Suppression)
    active = Suppression.objects.using(using).active()
    ids = list(
        active.filter(
            brand=brand,
            phone_hash=hash_of(phone_or_hash),
            reason__in=list(reasons),
            scope__in=list(scopes),
        ).values_list("pk", flat=True)
    )
    lifted = active.filter(pk__in=ids).update(lifted_at=clock.now())
    if lifted:
        logger.info("suppressions %s lifted by %s", ids, actor or "new consent")
    return lifted


def hash_of(phone_or_hash: str) -> str:
    """The keyed hash of a number, or the hash itself. Raises InvalidPhone."""
    if _HASH.fullmatch(phone_or_hash):
        return phone_or_hash
    region = settings().DEFAULT_REGION
    return phone_hash(phones.normalize(phone_or_hash, region=region))


def _must_change(row: Suppression, reason: SuppressionReason) -> bool:
    stronger = STRENGTH.get(reason, 0) > STRENGTH.get(SuppressionReason(row.reason), 0)
    return row.lifted_at is not None or stronger
