"""Orders: what their saving means for purchases, events and messages."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, router, transaction

from sms_marketing import contacts, signals
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.events import paths
from sms_marketing.events.bindings import (
    CUSTOMER_FIELDS,
    Binding,
    Source,
    as_amount,
    as_instant,
    as_text,
    shown_amount,
)
from sms_marketing.events.purchases import PurchaseItem, record_purchase
from sms_marketing.events.tracking import EventDraft, record_event
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import Brand, Contact, Event, Purchase, PurchaseStatus

logger = logging.getLogger(__name__)

PLACED = "order_placed"
STATUS_CHANGED = "order_status_changed"

LINE_FIELDS = (
    "line_product_id",
    "line_product_name",
    "line_category",
    "line_brand",
    "line_quantity",
    "line_amount",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What an order of the host says now."""

    object_id: str
    number: str
    status: str
    amount: Decimal
    refunded: Decimal
    currency: str
    #: None: the host does not tell.
    placed_at: datetime | None
    coupon: str
    url: str
    first_name: str
    product: str
    #: None: the host keeps no lines.
    lines: Sequence[PurchaseItem] | None


class ModelBinding(Binding):
    """Where a host's order model keeps what a purchase and its messages need.

    Saving such an object records, once its transaction has committed: the buyer, the
    purchase with its lines, ``order_placed`` once, ``order_<status>`` once for each
    status, and ``order_status_changed`` once for each status after the first.
    """

    number: Source = "pk"
    status: Source = ""
    total: Source = ""
    #: "": the brand's own currency.
    currency: Source = ""
    #: "": the moment when the order is first seen.
    placed_at: Source = ""
    #: Sum given back so far.
    refunded: Source = ""
    coupon: Source = ""
    #: Full address of the order's page, for the message.
    url: Source = ""
    #: Name of what was bought, for the message; "" takes the first line's.
    product: Source = ""
    #: The order's lines; the line_… paths start at one of them.
    lines: Source = ""
    line_product_id: Source = ""
    line_product_name: Source = ""
    line_category: Source = ""
    line_brand: Source = ""
    line_quantity: Source = ""
    line_amount: Source = ""
    #: Statuses from which on an order is an order; empty: all but the canceled ones.
    placed_statuses: Collection[str] = ()
    canceled_statuses: Collection[str] = ()

    fields = (
        *CUSTOMER_FIELDS,
        "number",
        "status",
        "total",
        "currency",
        "placed_at",
        "refunded",
        "coupon",
        "url",
        "product",
        "lines",
    )
    required = ("phone", "total")

    def rate(self, obj: Any) -> Decimal | None:
        """Units of the brand's currency for one of the order's; for hosts to write.

        Without it an order in another currency makes no purchase: that is logged.
        """
        return None

    def rate_on(self, obj: Any) -> date | None:
        """The day of that rate; None is the day of the order."""
        return None

    def faults(self) -> Iterator[str]:
        """Also the paths of the lines, where the model of a line is known."""
        yield from super().faults()
        model = self.walk("lines").model
        for name in LINE_FIELDS:
            source = getattr(self, name)
            if model is not None and isinstance(source, str) and source:
                fault = paths.walk(model, source).fault
                if fault:
                    yield f'{name} = "{source}": {fault}'

    @repeated_after_deadlock(Event)
    def record(self, obj: Any, *, starts_journeys: bool = True) -> None:
        """Write down what an order says now; idempotent.

        All or nothing: buyer, purchase and events share a transaction. A constant
        number of queries, however many lines.
        """
        brand = self.brand()
        facts = self._read(obj, brand)
        using = router.db_for_write(Event)
        with transaction.atomic(using=using):
            known = self._known_events(facts, using)
            if not (known or self._counts(facts, using)):
                return
            contact = self.contact_of(obj, brand=brand)
            purchase = self._record_purchase(obj, facts, brand, contact)
            for draft in self._drafts(facts, contact, known):
                event = record_event(draft, starts_journeys=starts_journeys)
                if event and purchase and event.name == PLACED and starts_journeys:
                    contacts.announce(
                        signals.order_placed,
                        using=using,
                        sender=self.model,
                        purchase=purchase,
                        event=event,
                    )

    def _read(self, obj: Any, brand: Brand) -> OrderFacts:
        lines = self._read_lines(obj)
        return OrderFacts(
            object_id=str(obj.pk),
            number=self.text("number", obj),
            status=self.text("status", obj),
            amount=as_amount(self.value("total", obj)),
            refunded=as_amount(self.value("refunded", obj)),
            currency=self.text("currency", obj).upper() or brand.currency,
            placed_at=as_instant(self.value("placed_at", obj), zone=brand.zone),
            coupon=self.text("coupon", obj),
            url=self.text("url", obj),
            first_name=self.text("first_name", obj),
            product=self.text("product", obj)
            or (lines[0].product_name if lines else ""),
            lines=lines,
        )

    def _read_lines(self, obj: Any) -> Sequence[PurchaseItem] | None:
        if not self.lines:
            return None
        rows = self.value("lines", obj)
        if isinstance(rows, models.QuerySet):
            # Never of a replica, which may not have these lines yet.
            rows = rows.using(router.db_for_write(rows.model, instance=obj))
            rows = _joined(rows, [getattr(self, name) for name in LINE_FIELDS])
        return [self._item(row) for row in rows or ()]

    def _item(self, row: Any) -> PurchaseItem:
        quantity = self.value("line_quantity", row)
        return PurchaseItem(
            product_id=self.text("line_product_id", row),
            product_name=self.text("line_product_name", row),
            category=self.text("line_category", row),
            brand_name=self.text("line_brand", row),
            quantity=Decimal(1) if quantity is None else as_amount(quantity),
            amount=as_amount(self.value("line_amount", row)),
        )

    def _counts(self, facts: OrderFacts, using: str) -> bool:
        # A basket that waits for its payment is not an order yet.
        if self._is_placed(facts.status):
            return True
        rows = Purchase.objects.using(using).filter(
            source=self.source, external_id=facts.object_id
        )
        return rows.exists()

    def _is_placed(self, status: str) -> bool:
        if self.placed_statuses:
            return status in self.placed_statuses
        return status not in self.canceled_statuses

    def _record_purchase(
        self, obj: Any, facts: OrderFacts, brand: Brand, contact: Contact | None
    ) -> Purchase | None:
        rate = None if facts.currency == brand.currency else self.rate(obj)
        try:
            change = record_purchase(
                brand=brand,
                contact=contact,
                source=self.source,
                external_id=facts.object_id,
                number=facts.number,
                status=self._purchase_status(facts),
                amount=facts.amount,
                currency=facts.currency,
                refunded=facts.refunded,
                placed_at=facts.placed_at,
                lines=facts.lines,
                coupon=facts.coupon,
                rate=rate,
                rate_on=self.rate_on(obj),
            )
        except ConfigurationError as error:
            # The buyer's messages do not wait for the bookkeeper.
            logger.error("%s %s: no purchase. %s", self.label, facts.object_id, error)
            return None
        return change.purchase

    def _purchase_status(self, facts: OrderFacts) -> PurchaseStatus:
        if facts.status in self.canceled_statuses:
            return PurchaseStatus.CANCELED
        return PurchaseStatus.REFUNDED if facts.refunded else PurchaseStatus.PLACED

    def _known_events(self, facts: OrderFacts, using: str) -> dict[str, str]:
        rows = Event.objects.using(using).filter(key=self._key(facts, PLACED))
        return {row.name: str(row.properties.get("status", "")) for row in rows}

    def _drafts(
        self, facts: OrderFacts, contact: Contact | None, known: dict[str, str]
    ) -> Iterator[EventDraft]:
        is_new = PLACED not in known
        # Seen first when it is old: its news are old too and start nothing.
        at = (facts.placed_at if is_new else None) or clock.now()
        if is_new and facts.status not in self.canceled_statuses:
            yield self._draft(facts, contact, name=PLACED, at=at)
        name = status_event(facts.status)
        if name not in {"", PLACED}:
            yield self._draft(facts, contact, name=name, at=at)
        if not is_new and facts.status != known[PLACED]:
            yield self._draft(
                facts, contact, name=STATUS_CHANGED, at=at, detail=f":{facts.status}"
            )

    def _draft(
        self,
        facts: OrderFacts,
        contact: Contact | None,
        *,
        name: str,
        at: datetime,
        detail: str = "",
    ) -> EventDraft:
        return EventDraft(
            name=name,
            contact=contact,
            key=self._key(facts, name) + detail,
            object_label=self.label,
            object_id=facts.object_id,
            occurred_at=at,
            properties={
                "id": facts.object_id,
                "number": facts.number,
                "status": facts.status,
                "total": shown_amount(facts.amount),
                "currency": facts.currency,
                "url": facts.url,
                "product": facts.product,
                "first_name": facts.first_name,
            },
        )

    def _key(self, facts: OrderFacts, name: str) -> str:
        return f"{self.label}:{facts.object_id}:{name}"


def status_event(status: str) -> str:
    """The event that tells of a status: "In delivery" is "order_in_delivery"."""
    word = re.sub(r"\W+", "_", as_text(status).casefold()).strip("_")
    return f"order_{word}"[:80] if word else ""


def _joined(rows: Any, sources: Sequence[Source]) -> Any:
    # Foreign keys on the way to a line's product cost no query for each line.
    joins = {
        paths.walk(rows.model, source).joins
        for source in sources
        if isinstance(source, str) and source
    } - {""}
    return rows.select_related(*joins) if joins else rows
