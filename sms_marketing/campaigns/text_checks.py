"""Faults of a campaign's texts: fields, languages, links, and parts at their worst."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import get_language_info
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
from sms_marketing.models import Brand, Campaign, Contact, Variant

#: Recipients with the longest names, whose texts are tried.
WORST_CASES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The texts of one variant, kept or being written, by language."""

    #: How it is called where there are several.
    name: str
    texts: Mapping[str, str]
    wording: Variant | sending.Wording

    def place(self, language: str) -> str:
        """Which of the texts is meant, for people."""
        try:
            called = str(get_language_info(language)["name_translated"]).capitalize()
        except KeyError:
            called = language
        if not self.name:
            return called
        named = {"variant": self.name, "language": called}
        return _("Variant %(variant)s, %(language)s") % named


def versions_of(
    campaign: Campaign, *, texts: Mapping[str, str] | None = None
) -> list[Version]:
    """What is kept; ``texts`` are being written instead of those of the first."""
    variants = list(campaign.variants.prefetch_related("bodies"))
    kept = [
        Version(
            name=variant.name if len(variants) > 1 else "",
            texts={body.language: body.text for body in variant.bodies.all()},
            wording=variant,
        )
        for variant in variants
    ]
    if texts is None:
        return kept
    typed = Version(
        name=kept[0].name if kept else "",
        texts=texts,
        wording=sending.wording_of(texts, policy=campaign.encoding_policy),
    )
    return [typed, *kept[1:]]


def problems(campaign: Campaign, versions: Sequence[Version]) -> Iterator[Problem]:
    """Faults that the texts show by themselves."""
    if not versions:
        yield error("no_body", _("Write a text."), field="variants")
    for version in versions:
        yield from _missing(version, campaign.brand.fallback_language)
        for language, source in version.texts.items():
            yield from _body_problems(version.place(language), source, campaign.brand)


def worst_cases(campaign: Campaign, versions: Sequence[Version]) -> list[Problem]:
    """Texts that are too long, or cannot be made, for those with the longest names."""
    members = consenting(audience(campaign), campaign)
    people = longest_names(members, n=WORST_CASES)
    found: dict[tuple[int, str, str], Problem] = {}
    for number, version in enumerate(versions):
        for language in version.texts:
            for contact in people:
                problem = _tried(campaign, version, language, contact)
                if problem is not None:
                    found[(number, language, problem.code)] = problem
    return list(found.values())


def required_fields(versions: Sequence[Version]) -> set[str]:
    """Merge fields that some text prints without a fallback; of sound texts."""
    names: set[str] = set()
    for source in (body for version in versions for body in version.texts.values()):
        try:
            names |= text.compile_body(source).required
        except InvalidBody:
            continue  # Told by ``problems``.
    return names - {"brand.name"}


def can_write_links(brand: Brand) -> bool:
    """True when short links have an address and a key."""
    has_address = brand.link_base_url or settings().PUBLIC_URL
    return bool(has_address and settings().LINK_KEYS)


def _missing(version: Version, fallback: str) -> Iterator[Problem]:
    if not version.texts and version.name:
        where = _("Variant %(variant)s") % {"variant": version.name}
        yield _about(where, "no_body", _("Write a text, or remove the variant."))
    elif not version.texts:
        yield error("no_body", _("Write a text."), field="variants")
    elif fallback not in version.texts:
        message = _(
            "No text yet. It is for those whose language is not known or has no text. "
            "Write it."
        )
        yield _about(version.place(fallback), "no_fallback_language", message)


def _body_problems(where: str, source: str, brand: Brand) -> Iterator[Problem]:
    try:
        known = sending.known_fields(Variant())
        compiled = text.check_body(source, known_fields=known)
    except InvalidBody as fault:
        yield _about(where, "bad_body", str(fault))
        return
    if compiled.links and not can_write_links(brand):
        message = _(
            "There is a link in the text, and short links have no address yet. Set "
            "PUBLIC_URL and LINK_KEYS."
        )
        yield _about(where, "no_link_address", message)


def _tried(
    campaign: Campaign, version: Version, language: str, contact: Contact
) -> Problem | None:
    assert campaign.sender is not None
    where = version.place(language)
    try:
        rendered = sending.prepare(
            version.wording,
            contact=contact,
            sender=campaign.sender,
            brand=campaign.brand,
            language=language,
        )
    except MissingField:
        return None  # Counted for the whole audience by ``audience_checks``.
    except (InvalidBody, NotSendable, ConfigurationError) as fault:
        return _about(where, "render_error", str(fault))
    if rendered.part_count <= settings().MAX_PARTS:
        return None
    message = _(
        "%(parts)s parts for a recipient with a long name; at most %(limit)s are sent. "
        "Shorten it."
    )
    counts = {"parts": rendered.part_count, "limit": settings().MAX_PARTS}
    return _about(where, "too_many_parts", message % counts)


def _about(where: str, code: str, message: str) -> Problem:
    return error(code, f"{where}: {message}", field="variants")
