"""What a recipient will read, its parts and its price, before anything is sent (R9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from sms_marketing import sending
from sms_marketing.campaigns.audience import sample_recipients
from sms_marketing.campaigns.problems import Problem, error
from sms_marketing.campaigns.splitting import bucket_of, split_of
from sms_marketing.exceptions import (
    ConfigurationError,
    InvalidBody,
    MissingField,
    NotSendable,
)
from sms_marketing.models import Campaign, Contact, Variant
from sms_marketing.text import CostlyLetter, costly_letters, split


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """One recipient's message as it will leave; with a problem there is no text.

    ``price`` is for all parts, None when no price is known.
    """

    contact: Contact
    text: str = ""
    language: str = ""
    encoding: str = ""
    part_count: int = 0
    parts: tuple[str, ...] = ()
    price: Decimal | None = None
    currency: str = ""
    costly_letters: tuple[CostlyLetter, ...] = ()
    problems: tuple[Problem, ...] = field(default=())


def preview(
    campaign: Campaign,
    *,
    contact: Contact,
    variant: Variant | sending.Wording | None = None,
    language: str = "",
    context: Mapping[str, Any] | None = None,
) -> Preview:
    """Write one recipient's message by the code that sends it.

    Without a variant, the one that this contact will get; ``sending.wording_of`` makes
    one of texts that are not saved yet. A ``language`` and a ``context`` stand for the
    contact's own.
    """
    wording = variant or variant_for(campaign, contact)
    if campaign.sender is None or wording is None:
        return _fault(contact, "not_ready", _("Choose a sender and write a text."))
    try:
        rendered = sending.prepare(
            wording,
            contact=contact,
            sender=campaign.sender,
            brand=campaign.brand,
            language=language,
            context=context,
        )
    except MissingField as fault:
        message = _("%(field)s is not known, so this recipient will be left out.")
        return _fault(contact, "missing_field", message % {"field": fault.field})
    except (InvalidBody, NotSendable, ConfigurationError) as fault:
        return _fault(contact, "render_error", str(fault))
    return Preview(
        contact=contact,
        text=rendered.text,
        language=rendered.language,
        encoding=rendered.encoding,
        part_count=rendered.part_count,
        parts=tuple(split(rendered.text)),
        price=rendered.price,
        currency=rendered.currency,
        costly_letters=costly_letters(rendered.text),
        problems=_problems(rendered),
    )


def preview_samples(campaign: Campaign, *, n: int = 5) -> list[Preview]:
    """The same for some who will receive it: those with the longest names first."""
    people = sample_recipients(campaign, n=n)
    return [preview(campaign, contact=contact) for contact in people]


def variant_for(campaign: Campaign, contact: Contact) -> Variant | None:
    """The variant that this contact gets, or would get if it were not held out."""
    variants = list(campaign.variants.all())
    if not variants:
        return None
    bucket = bucket_of(campaign.salt, contact.pk)
    return split_of(campaign, variants).variant_of(bucket)


def _fault(contact: Contact, code: str, message: str) -> Preview:
    return Preview(contact=contact, problems=(error(code, message),))


def _problems(rendered: sending.RenderedText) -> tuple[Problem, ...]:
    if rendered.skip_reason is None:
        return ()
    message = _("%(parts)d parts are too many: this recipient will be left out.")
    found = error("too_many_parts", message % {"parts": rendered.part_count})
    return (found,)
