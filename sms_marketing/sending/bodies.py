"""Saves the texts of variants, and finds where the short links in them lead."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.db import router, transaction
from django.utils.translation import gettext as _

from sms_marketing import text as letters
from sms_marketing.exceptions import InvalidBody, MissingField
from sms_marketing.models import Enrollment, Link, Message, Variant, VariantBody
from sms_marketing.sending.contexts import (
    CONTACT_FIELDS,
    EVENT_FIELDS,
    load_merge_contexts,
)
from sms_marketing.sending.wordings import load_wordings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTarget:
    """Where a short link leads: ``url`` has the contact's own values filled in."""

    message: Message
    link: Link
    url: str


def known_fields(variant: Variant) -> tuple[str, ...]:
    """The merge fields that a text of this variant may use."""
    return (*CONTACT_FIELDS, *(EVENT_FIELDS if variant.step_id else ()))


def save_body(variant: Variant, language: str, text: str) -> VariantBody:
    """Write the text of a variant in one language, and the rows of its links.

    Once a text may be in people's phones, its links keep their rows, and a new address
    gets a new one. Raises InvalidBody, saying what is wrong and where.
    """
    compiled = letters.check_body(text, known_fields=known_fields(variant))
    using = router.db_for_write(VariantBody, instance=variant)
    with transaction.atomic(using=using):
        body, _created = VariantBody.objects.using(using).update_or_create(
            variant=variant, language=language, defaults={"text": compiled.source}
        )
        _sync_links(body, compiled.links, keeps=_may_be_out(variant))
    return body


def find_link_target(message_id: int, *, position: int) -> LinkTarget | None:
    """Where the link of a token leads, or None if it is not known any more."""
    message = (
        Message.objects.select_related("brand", "contact").filter(pk=message_id).first()
    )
    if message is None or message.variant_id is None:
        return None
    wording = load_wordings([message.variant_id]).get(message.variant_id)
    language = wording and wording.language_for(message.language, brand=message.brand)
    link = Link.objects.filter(
        body__variant=message.variant_id, body__language=language, position=position
    ).first()
    if link is None:
        return None
    return LinkTarget(message=message, link=link, url=_fill(link, message))


def _fill(link: Link, message: Message) -> str:
    url = letters.compile_url(link.url)
    if not url.fields:
        return link.url
    contexts = load_merge_contexts([message.contact_id], url.fields)
    facts = {
        **contexts.get(message.contact_id, {}),
        **(message.context or {}),
        "brand": {"name": message.brand.name},
    }
    try:
        return url.render(facts)
    except (MissingField, InvalidBody):
        # Erased since, or the value went away: the page still opens, without it.
        logger.info("link %s of message %s opened without its fields", link.pk, message)
        return link.url.partition("{")[0].rpartition("?")[0] or _site(link.url)


def _site(url: str) -> str:
    scheme, _sep, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}"


def _may_be_out(variant: Variant) -> bool:
    if variant.campaign is not None:
        return not variant.campaign.is_editable
    return Enrollment.objects.filter(journey__steps=variant.step_id).exists()


def _sync_links(body: VariantBody, urls: tuple[str, ...], *, keeps: bool) -> None:
    if not keeps:
        body.links.exclude(url__in=urls).delete()
    taken = dict(body.links.values_list("url", "position"))
    free = sorted(set(range(letters.MAX_LINKS)) - set(taken.values()))
    for url in urls:
        if url in taken:
            continue
        if not free:
            raise InvalidBody(
                _(
                    "This text has had %(limit)d different links, and the first of "
                    "them are in people's phones. Make a new variant instead."
                )
                % {"limit": letters.MAX_LINKS}
            )
        Link.objects.create(body=body, position=free.pop(0), url=url)
