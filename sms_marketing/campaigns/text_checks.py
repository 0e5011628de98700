"""Faults of a campaign's texts: fields, languages, links, and parts at their worst."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from sms_marketing import sending, text
from sms_marketing.campaigns.audience import audience, consenting, longest_names
from sms_marketing.campaigns.problems import Problem, error
from sms_marketing.conf import settings
from sms_marketing.exceptions import (
    ConfigurationError,
    InvalidBody,
    MissingField,
    NotSendable,
)
from sms_marketing.models import Brand, Campaign, Contact, Variant, VariantBody

#: Recipients with the longest names, whose texts are tried.
WORST_CASES = 3


def problems(campaign: Campaign) -> Iterator[Problem]:
    """Faults that the texts show by themselves."""
    variants = list(campaign.variants.prefetch_related("bodies"))
    if not variants:
        yield error("no_body", _("Write a text."), field="variants")
    fallback = campaign.brand.fallback_language
    for variant in variants:
        bodies = list(variant.bodies.all())
        if not bodies:
            message = _("Variant %(variant)s has no text. Write one, or remove it.")
            yield _about(variant, "no_body", message)
        elif fallback not in {body.language for body in bodies}:
            message = _(
                "Variant %(variant)s has no text in %(language)s, the language of "
                "those whose own is not known or not written. Add one."
            )
            yield _about(variant, "no_fallback_language", message, language=fallback)
        for body in bodies:
            yield from _body_problems(variant, body, campaign.brand)


def worst_cases(campaign: Campaign) -> list[Problem]:
    """Texts that are too long, or cannot be made, for those with the longest names."""
    members = consenting(audience(campaign), campaign)
    people = longest_names(members, n=WORST_CASES)
    found: dict[tuple[int, str, str], Problem] = {}
    for variant in campaign.variants.prefetch_related("bodies"):
        for body in variant.bodies.all():
            for contact in people:
                problem = _tried(campaign, variant, body, contact)
                if problem is not None:
                    found[(variant.pk, body.language, problem.code)] = problem
    return list(found.values())


def required_fields(campaign: Campaign) -> set[str]:
    """Merge fields that some text prints without a fallback; of sound texts."""
    names: set[str] = set()
    bodies = VariantBody.objects.filter(variant__campaign=campaign)
    for source in bodies.values_list("text", flat=True):
        try:
            names |= text.compile_body(source).required
        except InvalidBody:
            continue  # Told by ``problems``.
    return names - {"brand.name"}


def can_write_links(brand: Brand) -> bool:
    """True when short links have an address and a key."""
    has_address = brand.link_base_url or settings().PUBLIC_URL
    return bool(has_address and settings().LINK_KEYS)


def _body_problems(
    variant: Variant, body: VariantBody, brand: Brand
) -> Iterator[Problem]:
    try:
        compiled = text.check_body(
            body.text, known_fields=sending.known_fields(variant)
        )
    except InvalidBody as fault:
        message = _("Variant %(variant)s, %(language)s: %(fault)s")
        yield _about(
            variant, "bad_body", message, language=body.language, fault=str(fault)
        )
        return
    if compiled.links and not can_write_links(brand):
        message = _(
            "Variant %(variant)s, %(language)s has a link, and short links have no "
            "address yet. Set PUBLIC_URL and LINK_KEYS."
        )
        yield _about(variant, "no_link_address", message, language=body.language)


def _tried(
    campaign: Campaign, variant: Variant, body: VariantBody, contact: Contact
) -> Problem | None:
    assert campaign.sender is not None
    where = {"language": body.language}
    try:
        rendered = sending.prepare(
            variant,
            contact=contact,
            sender=campaign.sender,
            brand=campaign.brand,
            language=body.language,
        )
    except MissingField:
        return None  # Counted for the whole audience by ``audience_checks``.
    except (InvalidBody, NotSendable, ConfigurationError) as fault:
        message = _("Variant %(variant)s, %(language)s cannot be written: %(fault)s")
        return _about(variant, "render_error", message, **where, fault=str(fault))
    if rendered.part_count <= settings().MAX_PARTS:
        return None
    message = _(
        "Variant %(variant)s, %(language)s comes to %(parts)s parts for a recipient "
        "with a long name; at most %(limit)s are sent. Shorten it."
    )
    return _about(
        variant,
        "too_many_parts",
        message,
        **where,
        parts=str(rendered.part_count),
        limit=str(settings().MAX_PARTS),
    )


def _about(variant: Variant, code: str, message: str, **details: str) -> Problem:
    return error(code, message % {"variant": variant.name, **details}, field="variants")
