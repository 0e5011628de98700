"""Faults of a campaign's audience: nobody in it, nobody agreed, fields not known."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sms_marketing.campaigns.audience import audience, consenting
from sms_marketing.campaigns.problems import Problem, error, warning
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidRule
from sms_marketing.models import Campaign, Contact, Price, Purchase, PurchaseStatus

#: Fields of a contact that are texts, and empty where they are not known.
PLAIN_FIELDS = {"first_name", "last_name", "email", "city", "language"}


def problems(campaign: Campaign, *, required: Collection[str]) -> Iterator[Problem]:
    """Faults that counting the audience shows; its texts print ``required`` fields."""
    try:
        if not campaign.segments.exists():
            yield error("no_segment", _("Choose an audience."), field="segments")
            return
        members = audience(campaign)
        if not members.exists():
            message = _(
                "Nobody is in this audience. Change its rules or choose another."
            )
            yield error("empty_segment", message, field="segments")
            return
        agreed = consenting(members, campaign)
        if not agreed.exists():
            message = _(
                "Nobody in this audience has agreed to receive it. Collect consent "
                "first, or choose another audience."
            )
            yield error("nobody_with_consent", message, field="segments")
            return
        yield from _missing_fields(required, agreed)
        yield from _missing_prices(campaign, agreed)
    except InvalidRule as fault:
        message = _("A segment's rules cannot be read: %(fault)s")
        yield error("bad_rules", message % {"fault": fault}, field="segments")


def _missing_fields(
    required: Collection[str], people: QuerySet[Contact]
) -> Iterator[Problem]:
    conditions = {
        name: condition
        for name in sorted(required)
        if (condition := _lacks(name)) is not None
    }
    if not conditions:
        return
    # One pass over the audience for all fields.
    counts = people.aggregate(
        **{
            f"n{index}": Count("pk", filter=condition)
            for index, condition in enumerate(conditions.values())
        }
    )
    for name, count in zip(conditions, counts.values(), strict=True):
        if count:
            message = ngettext(
                "%(count)d recipient has no %(field)s and will be left out. "
                'Write a fallback, as {{ %(field)s | default: "…" }}.',
                "%(count)d recipients have no %(field)s and will be left out. "
                'Write a fallback, as {{ %(field)s | default: "…" }}.',
                count,
            )
            found = {"count": count, "field": name}
            yield warning("missing_field", message % found, field="variants")


def _lacks(field: str) -> Q | None:
    group, _dot, name = field.partition(".")
    if field in PLAIN_FIELDS:
        return Q(**{field: ""})
    if field == "full_name":
        return Q(first_name="", last_name="")
    if group == "attributes":
        return ~Q(attributes__has_key=name.partition(".")[0])
    if group == "last_purchase":
        bought = Purchase.objects.filter(contact=OuterRef("pk"))
        return ~Q(Exists(bought.exclude(status=PurchaseStatus.CANCELED)))
    return None


def _missing_prices(campaign: Campaign, people: QuerySet[Contact]) -> Iterator[Problem]:
    today = clock.now().date()
    prices = Price.objects.filter(sender=campaign.sender, valid_from__lte=today)
    known = set(prices.values_list("country", flat=True))
    if "" in known:
        return
    countries = people.order_by().values_list("country", flat=True).distinct()
    unknown = sorted(set(countries) - known)
    if unknown:
        message = _(
            "No price is known for %(countries)s: these messages will count as free "
            "in reports and in the spend limit. Add a price to the sender."
        )
        names = ", ".join(name or "?" for name in unknown)
        yield warning("no_price", message % {"countries": names}, field="sender")
