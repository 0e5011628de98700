"""Contacts found, made and filled in from what the host knows."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, router, transaction

from sms_marketing import phones
from sms_marketing.conf import settings
from sms_marketing.contacts.keys import key_of, phone_hash, storable
from sms_marketing.contacts.ledger import Act, append
from sms_marketing.contacts.states import rebuild
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import (
    Brand,
    ConsentMethod,
    ConsentRecord,
    ConsentStatus,
    Contact,
    ContactIdentity,
    ContactTag,
    Suppression,
    SuppressionReason,
)

logger = logging.getLogger(__name__)

TEXT_FIELDS = (
    "first_name",
    "last_name",
    "email",
    "language",
    "country",
    "region_name",
    "city",
    "postcode",
    "zone",
)
OTHER_FIELDS = ("latitude", "longitude", "birth_date", "attributes", "is_restricted")
TAG_KINDS = {"tags": ContactTag.Kind.TAG, "interests": ContactTag.Kind.INTEREST}

FROM_PHONE = "phone"
FROM_HOST = "host"

#: How often two processes may race for the same new number before one gives up.
MAX_RACES = 5


@repeated_after_deadlock(Contact)
def upsert(
    *,
    phone: str,
    region: str | None = None,
    source: str = "",
    external_id: str = "",
    may_move: bool = True,
    **fields: Any,
) -> Contact:
    """Find or make the contact of a number and fill in what is told.

    ``region`` is the country of a number without a country code; the place is
    ``region_name``. ``tags`` and ``interests`` are added, ``attributes`` merged; an
    empty value never overwrites, too long a text is cut. A known identity (source,
    external_id) whose number changed takes its contact along if the new number is free
    and the contact is nobody else's; the new number inherits no consent (R11). With
    ``may_move=False`` it becomes another contact's: one order with the number of a
    friend or of the office takes nobody's consent for their own away.

    Raises InvalidPhone, and TypeError for a field that there is not.
    """
    _refuse_unknown(fields)
    number = normalized(phone, region=region)
    who = _Who(source=source, external_id=external_id, may_move=may_move)
    using = router.db_for_write(Contact)
    for _race in range(MAX_RACES - 1):
        try:
            return _upsert_once(number, who, fields, using)
        except IntegrityError:
            # Somebody made the same number or identity at the same moment.
            continue
    return _upsert_once(number, who, fields, using)


def find_by_phone(phone: str) -> Contact | None:
    """Return the contact with this number, or None; also for what is no number."""
    try:
        number = normalized(phone)
    except InvalidPhone:
        return None
    using = router.db_for_write(Contact)
    return Contact.objects.using(using).filter(phone=number).first()


def normalized(phone: str, *, region: str | None = None) -> str:
    """The number in E.164. Raises InvalidPhone."""
    return phones.normalize(phone, region=region or settings().DEFAULT_REGION)


def _refuse_unknown(fields: Mapping[str, Any]) -> None:
    known = {*TEXT_FIELDS, *OTHER_FIELDS, *TAG_KINDS}
    unknown = sorted(set(fields) - known)
    if unknown:
        raise TypeError(
            f"A contact has no field {', '.join(unknown)}. "
            f"Known: {', '.join(sorted(known))}; others go into attributes."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Who:
    source: str
    external_id: str
    may_move: bool


def _upsert_once(
    number: str, who: _Who, fields: Mapping[str, Any], using: str
) -> Contact:
    with transaction.atomic(using=using):
        contact = _settle(number, who, using)
        _fill(contact, fields, using)
    return contact


def _settle(number: str, who: _Who, using: str) -> Contact:
    contacts = Contact.objects.using(using).select_for_update()
    identity = _identity(who, using)
    by_phone = contacts.filter(phone=number).first()
    if by_phone is None and identity is not None and _moves(who, identity, using):
        return _move(contacts.get(pk=identity.contact_id), number, using)
    contact = by_phone or _create(number, using)
    if identity is None:
        if who.source and who.external_id:
            ContactIdentity.objects.using(using).create(
                contact=contact, source=who.source, external_id=who.external_id
            )
    elif identity.contact_id != contact.pk:
        # The identity follows its number; the old contact keeps its own history.
        identity.contact = contact
        identity.save(using=using, update_fields=["contact"])
    return contact


def _identity(who: _Who, using: str) -> ContactIdentity | None:
    if not (who.source and who.external_id):
        return None
    identities = ContactIdentity.objects.using(using)
    return identities.filter(source=who.source, external_id=who.external_id).first()


def _moves(who: _Who, identity: ContactIdentity, using: str) -> bool:
    # Two customers of one number (a family): the one who leaves takes nothing along.
    others = ContactIdentity.objects.using(using).filter(contact=identity.contact_id)
    return who.may_move and not others.exclude(pk=identity.pk).exists()


def _create(number: str, using: str) -> Contact:
    contact = Contact(phone=number, phone_hash=phone_hash(number))
    _place(contact, number)
    contact.save(using=using, force_insert=True)
    _take_over(contact, using)
    return contact


def _move(contact: Contact, number: str, using: str) -> Contact:
    _give_up(contact, using)
    contact.phone, contact.phone_hash = number, phone_hash(number)
    contact.country = ""
    if contact.zone_source == FROM_PHONE:
        contact.zone = ""
    _place(contact, number)
    contact.save(using=using)
    _take_over(contact, using)
    return contact


def _place(contact: Contact, number: str) -> None:
    contact.country = phones.country(number)
    zones = phones.zones(number)
    # Several zones are none: a guess would put a campaign into the night.
    if not contact.zone and len(zones) == 1:
        contact.zone, contact.zone_source = zones[0], FROM_PHONE


def _give_up(contact: Contact, using: str) -> None:
    """Consent for the old number ends with it: its next holder gave none."""
    Suppression.objects.using(using).filter(contact=contact).update(contact=None)
    records = ConsentRecord.objects.using(using).filter(
        brand_id__in=list(Brand.objects.using(using).values_list("pk", flat=True)),
        phone_hash=contact.phone_hash,
    )
    brand_ids = set(records.values_list("brand_id", flat=True))
    for brand in Brand.objects.using(using).filter(pk__in=brand_ids).order_by("pk"):
        act = Act(
            brand=brand,
            phone_hash=contact.phone_hash,
            contact=contact,
            status=ConsentStatus.UNKNOWN,
            method=ConsentMethod.API,
            evidence={"reason": "the contact changed its number"},
            occurred_at=clock.now(),
        )
        append(act, using=using)


def _take_over(contact: Contact, using: str) -> None:
    """What is known of a number holds for its new row: withdrawals above all (R11)."""
    rebuild(contact)
    Suppression.objects.using(using).filter(
        phone_hash=contact.phone_hash, contact=None
    ).exclude(reason=SuppressionReason.ERASED).update(contact=contact)


def _fill(contact: Contact, fields: Mapping[str, Any], using: str) -> None:
    changed = _changes(contact, fields)
    for name, value in changed.items():
        setattr(contact, name, value)
    if changed:
        contact.save(using=using, update_fields=[*changed, "updated_at"])
    for name, kind in TAG_KINDS.items():
        _add_tags(contact, kind, fields.get(name) or (), using)


def _changes(contact: Contact, fields: Mapping[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for name in TEXT_FIELDS:
        if text := _text(fields.get(name)):
            wanted.update(_text_change(name, text))
    for name in OTHER_FIELDS:
        value = fields.get(name)
        if value is not None and value != "":
            wanted.update(_other_change(contact, name, value))
    return {
        name: value for name, value in wanted.items() if getattr(contact, name) != value
    }


def _text(value: Any) -> str:
    return "" if value is None else " ".join(storable(str(value)).split())


def _text_change(name: str, text: str) -> dict[str, Any]:
    column = "region" if name == "region_name" else name
    limit = _column(column).max_length or len(text)
    if len(text) > limit and column in {"email", "zone", "language", "country"}:
        return {}  # cut in the middle it would be another one, or none
    text = text[:limit]
    match column:
        case "city" | "region":
            return {column: text, f"{column}_key": key_of(text)}
        case "language":
            return {column: text.lower().replace("_", "-")}
        case "country":
            return {column: text.upper()}
        case "zone":
            return {column: text, "zone_source": FROM_HOST}
    return {column: text}


def _other_change(contact: Contact, name: str, value: Any) -> dict[str, Any]:
    if name == "attributes":
        return {name: {**contact.attributes, **_json(value)}}
    try:
        clean = _column(name).to_python(value)
    except ValidationError:
        # One contact's bad data stops nothing (R6).
        logger.warning("contact %s: a wrong %s was left out", contact.pk, name)
        return {}
    if isinstance(clean, date) and clean > clock.now().date():
        return {}
    if isinstance(clean, float) and not math.isfinite(clean):
        return {}
    return {name: clean}


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {storable(str(key)): _json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return storable(str(value))


def _column(name: str) -> models.Field[Any, Any]:
    field = Contact._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def _add_tags(
    contact: Contact, kind: ContactTag.Kind, labels: Iterable[str], using: str
) -> None:
    wanted = {key_of(label): label for text in labels if (label := _text(text)[:80])}
    if not wanted:
        return
    tags = ContactTag.objects.using(using).filter(contact=contact, kind=kind)
    there = set(tags.filter(key__in=wanted).values_list("key", flat=True))
    ContactTag.objects.using(using).bulk_create(
        [
            ContactTag(contact=contact, kind=kind, key=key, label=label)
            for key, label in wanted.items()
            if key not in there
        ]
    )
