"""Carts: each change starts the wait for a reminder, a live guard has the last word."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import router, transaction

from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.events.bindings import (
    CUSTOMER_FIELDS,
    Binding,
    Source,
    as_amount,
    as_instant,
    shown_amount,
)
from sms_marketing.events.tracking import EventDraft, record_event
from sms_marketing.models import Event

logger = logging.getLogger(__name__)

UPDATED = "cart_updated"


class CartBinding(Binding):
    """Where a host's cart model keeps what a reminder needs, and when it is still open.

    Saving an open cart that has a number records ``cart_updated``; the guard
    "<model label>.open" asks ``open_ids`` again when the reminder is about to leave.
    """

    total: Source = ""
    currency: Source = ""
    #: Full address that shows the cart on any device.
    url: Source = ""
    #: Name of what is in it, for the message.
    product: Source = ""
    #: When it was last touched; "": the moment of saving.
    updated_at: Source = ""
    #: Look-ups that open carts fulfil, as {"status": "open"}; or write ``open_ids``.
    open_filter: ClassVar[Mapping[str, Any]] = {}

    fields = (*CUSTOMER_FIELDS, "total", "currency", "url", "product", "updated_at")

    @property
    def guard_name(self) -> str:
        """Name of the live check, as "shop.Cart.open"."""
        return f"{self.label}.open"

    def faults(self) -> Any:
        """Also a binding that cannot tell an open cart."""
        yield from super().faults()
        if not self.open_filter and type(self).open_ids is CartBinding.open_ids:
            yield 'open_filter is not set: write {"status": "open"}, or open_ids().'

    def open_ids(self, ids: Iterable[str]) -> set[str]:
        """Return those of the carts that are still open: one query for all of them."""
        # Never of a replica: a cart ordered a moment ago is still open there.
        carts = self.model._default_manager.using(router.db_for_write(self.model))
        rows = carts.filter(pk__in=list(ids), **self.open_filter)
        return {str(pk) for pk in rows.values_list("pk", flat=True)}

    def ask(self, ids: Sequence[str]) -> set[str]:
        """The guard's question; ids that can be no key of this model are not open."""
        known = [item for item in ids if self._is_key(item)]
        return self.open_ids(known) if known else set()

    def is_open(self, obj: Any) -> bool:
        """Whether one cart is open, asked as the guard asks."""
        return str(obj.pk) in self.ask([str(obj.pk)])

    @repeated_after_deadlock(Event)
    def record(self, obj: Any, *, starts_journeys: bool = True) -> None:
        """Write down that an open cart was touched.

        An anonymous visitor's cart without a number leaves no trace.
        """
        if not self.text("phone", obj) or not self.is_open(obj):
            return
        brand = self.brand()
        touched = as_instant(self.value("updated_at", obj), zone=brand.zone)
        at = touched or clock.now()
        properties = self._properties(obj, brand.currency)
        with transaction.atomic(using=router.db_for_write(Event)):
            contact = self.contact_of(obj, brand=brand)
            draft = EventDraft(
                name=UPDATED,
                contact=contact,
                properties=properties,
                # With the moment in it, each change is news and saving twice is not.
                key=f"{self.label}:{obj.pk}:{UPDATED}:{at.timestamp():.6f}",
                object_label=self.label,
                object_id=str(obj.pk),
                occurred_at=at,
            )
            record_event(draft, starts_journeys=starts_journeys)

    def _properties(self, obj: Any, currency: str) -> dict[str, Any]:
        total: Decimal = as_amount(self.value("total", obj))
        return {
            "id": str(obj.pk),
            "total": shown_amount(total),
            "currency": self.text("currency", obj).upper() or currency,
            "url": self.text("url", obj),
            "product": self.text("product", obj),
            "first_name": self.text("first_name", obj),
        }

    def _is_key(self, item: str) -> bool:
        try:
            self.model._meta.pk.to_python(item)
        except (ValidationError, ValueError):
            return False
        return True
