"""One contact's message: text, parts, price; the same for a preview and for sending.

What is previewed is what is sent, counted and paid (R9): ``prepare`` and ``dispatch``
both call ``render``. Tokens have one length, so a preview's parts are the real ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sms_marketing import text
from sms_marketing.conf import settings
from sms_marketing.core import clock
from sms_marketing.exceptions import ConfigurationError, NotSendable
from sms_marketing.models import (
    Brand,
    Category,
    Contact,
    EncodingPolicy,
    Sender,
    SkipReason,
    Variant,
)
from sms_marketing.sending.contexts import load_merge_contexts
from sms_marketing.sending.senders import PriceList
from sms_marketing.sending.wordings import Body, Wording, load_wordings
from sms_marketing.text import Encoding


class LeftOut(NotSendable):
    """This contact gets no text; ``skip_reason`` is what its row will say."""

    def __init__(self, skip_reason: SkipReason) -> None:
        self.skip_reason = skip_reason
        super().__init__(str(skip_reason.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedText:
    """A message as it leaves; ``price`` is for all its parts, None if not known."""

    text: str
    language: str
    encoding: Encoding
    part_count: int
    price: Decimal | None
    currency: str
    #: The addresses behind its short links, in order.
    links: tuple[str, ...]

    @property
    def skip_reason(self) -> SkipReason | None:
        """Why it must not leave although it could be written, if so."""
        too_long = self.part_count > settings().MAX_PARTS
        return SkipReason.TOO_MANY_PARTS if too_long else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who speaks: what all messages of one sender have in common."""

    brand: Brand
    sender: Sender
    prices: PriceList
    base_url: str

    @classmethod
    def load(cls, sender: Sender, *, brand: Brand) -> Voice:
        """Read the sender's prices of today, with one query."""
        return cls(
            brand=brand,
            sender=sender,
            prices=PriceList.load(sender.pk, on=clock.now().date()),
            base_url=(brand.link_base_url or settings().PUBLIC_URL).rstrip("/"),
        )

    def short_url(self, message_id: int | None, position: int) -> str:
        """The address of a link; of the length it will have while there is no id.

        Raises ConfigurationError where no address or no key is set.
        """
        if not self.base_url:
            raise ConfigurationError(
                'No link can be written. Set SMS_MARKETING["PUBLIC_URL"] or the '
                "brand's short link address."
            )
        if message_id is None:
            return f"{self.base_url}/{text.PLACEHOLDER_TOKEN}"
        token = text.make_token(
            message_id=message_id, position=position, keys=settings().LINK_KEYS
        )
        return f"{self.base_url}/{token}"


def prepare(
    variant: Variant | Wording,
    *,
    contact: Contact,
    sender: Sender,
    brand: Brand | None = None,
    category: str = "",
    language: str = "",
    context: Mapping[str, Any] | None = None,
    message_id: int | None = None,
) -> RenderedText:
    """Render one contact's message from a variant, or from texts being written.

    Without ``message_id`` its links are placeholders of the right length. Raises
    LeftOut (no language), MissingField and InvalidBody, which name no person.
    """
    wording = variant if isinstance(variant, Wording) else _wording_of_variant(variant)
    fields = wording.fields
    contexts = load_merge_contexts([contact.pk], fields) if fields else {}
    return render(
        wording,
        voice=Voice.load(sender, brand=brand or sender.brand),
        category=category or wording.category,
        language=language or contact.language,
        country=contact.country,
        context={**contexts.get(contact.pk, {}), **(context or {})},
        message_id=message_id,
    )


def render(
    wording: Wording,
    *,
    voice: Voice,
    category: str,
    language: str,
    country: str,
    context: Mapping[str, Any],
    message_id: int | None,
) -> RenderedText:
    """Render a wording whose facts are all loaded; asks no database."""
    written_in = wording.language_for(language, brand=voice.brand)
    if written_in is None:
        raise LeftOut(SkipReason.NO_LANGUAGE)
    if written_in in wording.faults:
        raise wording.faults[written_in]
    body: Body = wording.bodies[written_in]

    def link(order: int, url: str) -> str:
        return voice.short_url(message_id, body.position_of(order, url))

    facts = {**context, "brand": {"name": voice.brand.name}}
    return finish(
        body.compiled.render(facts, link=link),
        voice=voice,
        category=category,
        language=written_in,
        country=country,
        policy=wording.policy,
        message_id=message_id,
        links=body.compiled.links,
    )


def finish(
    written: str,
    *,
    voice: Voice,
    category: str,
    language: str,
    country: str,
    message_id: int | None,
    policy: str = EncodingPolicy.PUNCTUATION,
    links: tuple[str, ...] = (),
) -> RenderedText:
    """Make a normalized text into a message: name, way out, letters, parts, price."""
    # A field at the end that is empty for somebody leaves the space before it.
    composed = written.rstrip()
    if category == Category.MARKETING:
        composed = _as_marketing(written, voice, language, message_id)
    final = text.apply_policy(composed, text.EncodingPolicy(policy))
    counted = text.count(final)
    price = voice.prices.find(country)
    return RenderedText(
        text=final,
        language=language,
        encoding=counted.encoding,
        part_count=counted.parts,
        price=price.amount * counted.parts if price else None,
        currency=price.currency if price else "",
        links=links,
    )


def _as_marketing(
    written: str, voice: Voice, language: str, message_id: int | None
) -> str:
    two_way = voice.sender.is_two_way
    link = "" if two_way else voice.short_url(message_id, text.OPT_OUT_POSITION)
    return text.compose(
        written,
        brand_name=voice.brand.name,
        opt_out_line=text.opt_out_line(language=language, two_way=two_way, link=link),
    )


def _wording_of_variant(variant: Variant) -> Wording:
    return load_wordings([variant.pk])[variant.pk]
