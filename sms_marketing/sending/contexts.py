"""Merge fields: what a text may say about a contact, loaded for whole batches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db.models import OuterRef, Subquery

from sms_marketing import timing
from sms_marketing.models import Contact, Purchase, PurchaseLine, PurchaseStatus

#: What every text may use.
CONTACT_FIELDS = (
    "first_name",
    "last_name",
    "full_name",
    "email",
    "city",
    "language",
    "attributes.*",
    "last_purchase.date",
    "last_purchase.amount",
    "last_purchase.number",
    "last_purchase.product",
    "brand.name",
)
#: What a text of a journey may use besides: the event that started it.
EVENT_FIELDS = ("event.*", "order.*", "cart.*")

_COLUMNS = ("first_name", "last_name", "email", "city", "language", "attributes")


def load_merge_contexts(
    contact_ids: Sequence[int], fields: Collection[str]
) -> dict[int, dict[str, Any]]:
    """The merge fields of contacts, by id; at most three queries for any number.

    Only what ``fields`` names is asked for. A value that is not known is left out.
    """
    contacts = Contact.objects.filter(pk__in=contact_ids)
    wants_purchase = any(name.startswith("last_purchase.") for name in fields)
    if wants_purchase:
        contacts = contacts.annotate(last_purchase=_last_purchase())
    columns = ["pk", *_COLUMNS, *(["last_purchase"] if wants_purchase else [])]
    rows = list(contacts.values(*columns))
    contexts = {row["pk"]: _facts(row) for row in rows}
    if wants_purchase:
        bought = {row["pk"]: row["last_purchase"] for row in rows}
        purchases = _purchases(filter(None, bought.values()), fields)
        for contact_id, purchase_id in bought.items():
            contexts[contact_id]["last_purchase"] = purchases.get(purchase_id, {})
    return contexts


def _facts(row: dict[str, Any]) -> dict[str, Any]:
    facts = {name: row[name] for name in _COLUMNS}
    facts["full_name"] = f"{row['first_name']} {row['last_name']}".strip()
    return facts


def _last_purchase() -> Subquery:
    theirs = Purchase.objects.filter(contact=OuterRef("pk"))
    kept = theirs.exclude(status=PurchaseStatus.CANCELED)
    return Subquery(kept.order_by("-placed_at", "-pk").values("pk")[:1])


def _purchases(
    purchase_ids: Iterable[int], fields: Collection[str]
) -> dict[int, dict[str, Any]]:
    ids = list(purchase_ids)
    rows = Purchase.objects.filter(pk__in=ids).select_related("brand")
    found = {
        row.pk: {
            "date": _day(row.placed_at, row.brand.zone),
            "amount": row.amount,
            "number": row.number,
        }
        for row in rows
    }
    if "last_purchase.product" in fields:
        lines = PurchaseLine.objects.filter(purchase__in=ids).order_by("-pk")
        # The first line of each comes last and wins.
        for purchase_id, product in lines.values_list("purchase", "product_name"):
            found[purchase_id]["product"] = product
    return found


def _day(moment: datetime, zone: str) -> date:
    try:
        return moment.astimezone(timing.get_zone(zone)).date()
    except ValueError:  # a zone that this machine does not know (R6)
        return moment.astimezone(UTC).date()
