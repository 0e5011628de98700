"""What a campaign would look like, cost and reach, while it is being written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.utils.translation import gettext

from sms_marketing import campaigns, sending
from sms_marketing.admin import columns
from sms_marketing.admin.campaign_form import CampaignForm, language_name
from sms_marketing.exceptions import InvalidRule
from sms_marketing.models import (
    Brand,
    Campaign,
    ConsentStatus,
    Contact,
    EncodingPolicy,
    Segment,
)
from sms_marketing.text import Encoding

#: Recipients to look through, those with the longest names first.
SAMPLES = 8
#: Where nobody is chosen yet, samples are taken from so many contacts.
NEWEST = 50
#: What the preview finds wrong with a text, not with the one who would get it.
UNWRITABLE = ("too_many_parts", "render_error")
#: An id as a form posts it.
ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A campaign as it stands in the form, saved or not."""

    campaign: Campaign
    texts: Mapping[str, str]
    #: The texts are those that are kept.
    is_saved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Some letters of a message that are alike in what they cost."""

    text: str
    is_costly: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One language: the message as it would leave, and what could be saved."""

    language: str
    label: str
    #: The one that this recipient gets; the others are "as it would be".
    is_theirs: bool
    shown: campaigns.Preview
    parts: Sequence[Sequence[Run]]
    price: str
    saving: str

    @property
    def is_unicode(self) -> bool:
        """True when a part holds 70 letters instead of 160."""
        return self.shown.encoding == Encoding.UCS_2

    @property
    def is_other_alphabet(self) -> bool:
        """True when it is written in letters that no plain ones stand for."""
        return _is_other_alphabet(self.shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A recipient to look at, named as far as a marketer may see."""

    pk: int
    label: str
    is_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLook:
    """The message of one real recipient, in each language."""

    sender: str
    samples: Sequence[Sample]
    tabs: Sequence[Tab]
    #: The tab that is open.
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceLook:
    """How many it reaches, what it may cost, and what is wrong with it."""

    counts: campaigns.AudienceCounts | None
    price_of_one: str
    price_of_all: str
    problems: Sequence[campaigns.Problem]

    @property
    def has_errors(self) -> bool:
        """True when it cannot be launched as it is."""
        return any(problem.is_error for problem in self.problems)


def draft_of(form: CampaignForm) -> Draft:
    """The campaign that a bound form describes; wrong fields keep their old value."""
    form.is_valid()
    campaign = copy(form.instance)
    campaign.pk = campaign.pk or 0  # a number, so that relations can be asked for
    if campaign.brand_id is None:
        campaign.brand = Brand.objects.get_default()
    nobody = Segment.objects.none()
    # The audience chosen in the form, where the rooms look for the saved one.
    campaign._prefetched_objects_cache = {  # type: ignore[attr-defined]
        name: form.cleaned_data.get(name, nobody)
        for name in ("segments", "excluded_segments")
    }
    typed = form.typed_texts
    return Draft(
        campaign=campaign, texts=typed, is_saved=typed == form.saved_texts != {}
    )


def draft_of_saved(campaign: Campaign) -> Draft:
    """The campaign as it is kept."""
    texts = CampaignForm(instance=campaign).saved_texts
    return Draft(campaign=campaign, texts=texts, is_saved=True)


def look_at_message(draft: Draft, asked: Any) -> MessageLook:
    """Write the message of one recipient by the code that sends it (R9).

    ``asked`` is what the person chose: ``preview_contact``, ``preview_language`` (left
    alone where ``preview_shown``, the recipient before, was another one), and
    ``_preview=next`` for another recipient. With ``only=message`` the recipients shown
    before (``preview_sample``) stay, so that typing does not sort the whole audience.
    """
    people = _same_people(draft, asked) or _samples(draft)
    contact = _chosen(people, asked)
    tabs = list(_tabs(draft, contact)) if contact else []
    wanted = "" if _is_another(contact, asked) else asked.get("preview_language", "")
    theirs = next((tab.language for tab in tabs if tab.is_theirs), "")
    is_there = any(tab.language == wanted for tab in tabs)
    return MessageLook(
        sender=str(draft.campaign.sender or draft.campaign.brand),
        samples=[
            Sample(pk=one.pk, label=label_of(one), is_shown=one == contact)
            for one in people
        ],
        tabs=tabs,
        language=wanted if is_there else theirs,
    )


def look_at_audience(draft: Draft, tabs: Sequence[Tab]) -> AudienceLook:
    """Count the audience and collect what must or should be done first."""
    counts = _counts(draft)
    prices = [tab.shown.price for tab in tabs if tab.shown.price is not None]
    currency = next((tab.shown.currency for tab in tabs if tab.shown.currency), "")
    receivers = counts.will_receive if counts else 0
    return AudienceLook(
        counts=counts,
        price_of_one=_range(prices, currency),
        price_of_all=_range([price * receivers for price in prices], currency),
        problems=list(_problems(draft, tabs)),
    )


def people_of(draft: Draft, *, also: int | None = None) -> list[Contact]:
    """Recipients to look at; the first is ``also``, if it will receive it."""
    asked_for = _recipients(draft, [also]) if also else []
    people = _samples(draft)
    return asked_for + [person for person in people if person not in asked_for]


def _same_people(draft: Draft, asked: Any) -> list[Contact]:
    if asked.get("only") != "message":
        return []
    ids = [int(pk) for pk in asked.getlist("preview_sample") if ID.fullmatch(pk)]
    return _recipients(draft, ids[:SAMPLES])


def _recipients(draft: Draft, ids: list[int]) -> list[Contact]:
    try:
        among = campaigns.audience(draft.campaign).filter(pk__in=ids)
        found = campaigns.sample_recipients(draft.campaign, n=len(ids), among=among)
    except InvalidRule:
        return []
    return sorted(found, key=lambda person: ids.index(person.pk))


def _samples(draft: Draft) -> list[Contact]:
    try:
        found = campaigns.sample_recipients(draft.campaign, n=SAMPLES)
    except InvalidRule:
        found = []
    return found or _anybody(draft)


def _anybody(draft: Draft) -> list[Contact]:
    # Nobody chosen yet: anybody serves to see how the text reads, best who agreed.
    newest = Contact.objects.reachable().order_by("-pk")
    some = Contact.objects.filter(
        pk__in=list(newest.values_list("pk", flat=True)[:NEWEST])
    )
    found = campaigns.sample_recipients(draft.campaign, n=SAMPLES, among=some)
    left = ConsentStatus.OPTED_OUT
    return found or list(newest.exclude(consent_states__status=left)[:SAMPLES])


def _chosen(people: list[Contact], asked: Any) -> Contact | None:
    ids = [str(person.pk) for person in people]
    wanted = asked.get("preview_contact", "")
    place = ids.index(wanted) if wanted in ids else 0
    if asked.get("_preview") == "next" and wanted in ids:
        place = (place + 1) % len(people)
    return people[place] if people else None


def _is_another(contact: Contact | None, asked: Any) -> bool:
    # Then their own language is shown, not the one that was open before.
    before = asked.get("preview_shown", "")
    return contact is not None and before not in ("", str(contact.pk))


def label_of(contact: Contact) -> str:
    """A recipient as far as a marketer may see: name, masked number, language."""
    name = contact.full_name or gettext("no name")
    language = contact.language or "?"
    return f"{name} · {columns.masked(contact.phone)} · {language}"


def _tabs(draft: Draft, contact: Contact) -> Iterator[Tab]:
    campaign, policy = draft.campaign, draft.campaign.encoding_policy
    wording = sending.wording_of(draft.texts, policy=policy)
    theirs = wording.language_for(contact.language, brand=campaign.brand)
    for language, words in draft.texts.items():
        shown = campaigns.preview(
            campaign,
            contact=contact,
            variant=sending.wording_of({language: words}, policy=policy),
        )
        yield Tab(
            language=language,
            label=language_name(language),
            is_theirs=language == theirs,
            shown=shown,
            parts=_runs(shown),
            price=columns.money(shown.price, shown.currency),
            saving=_saving(campaign, shown, {language: words}),
        )


def _runs(shown: campaigns.Preview) -> list[list[Run]]:
    marked_letters = () if _is_other_alphabet(shown) else shown.costly_letters
    costly = {place for letter in marked_letters for place in letter.positions}
    parts, start = [], 0
    for part in shown.parts:
        marked = [(char, start + place in costly) for place, char in enumerate(part)]
        parts.append(
            [
                Run(text="".join(char for char, _costly in group), is_costly=is_costly)
                for is_costly, group in groupby(marked, key=lambda pair: pair[1])
            ]
        )
        start += len(part)
    return parts


def _is_other_alphabet(shown: campaigns.Preview) -> bool:
    return any(
        letter.char.isalpha() and not letter.replacement
        for letter in shown.costly_letters
    )


def _saving(
    campaign: Campaign, shown: campaigns.Preview, texts: Mapping[str, str]
) -> str:
    if shown.encoding != Encoding.UCS_2:
        return ""
    plain = campaigns.preview(
        campaign,
        contact=shown.contact,
        variant=sending.wording_of(texts, policy=EncodingPolicy.STRIP),
    )
    if not 0 < plain.part_count < shown.part_count:
        return ""
    text = gettext(
        "Letters without diacritics: %(parts)d instead of %(now)d, %(price)s."
    )
    return text % {
        "parts": plain.part_count,
        "now": shown.part_count,
        "price": columns.money(plain.price, plain.currency),
    }


def _counts(draft: Draft) -> campaigns.AudienceCounts | None:
    try:
        return campaigns.funnel_counts(draft.campaign)
    except InvalidRule:
        return None  # The problems say which rule.


def _problems(draft: Draft, tabs: Sequence[Tab]) -> Iterator[campaigns.Problem]:
    texts = None if draft.is_saved else draft.texts
    found = campaigns.check(draft.campaign, texts=texts)
    yield from found
    if any(problem.is_error and problem.field == "variants" for problem in found):
        return
    # The check tries the texts only where all else is sound; the preview has tried.
    for tab in tabs:
        for problem in tab.shown.problems:
            if problem.code in UNWRITABLE:
                yield replace(
                    problem, message=f"{tab.label}: {problem.message}", field="variants"
                )


def _range(prices: Sequence[Decimal], currency: str) -> str:
    if not prices:
        return columns.money(None, currency)
    least, most = min(prices), max(prices)
    if least == most:
        return columns.money(least, currency)
    return f"{columns.money(least, currency)} – {columns.money(most, currency)}"
