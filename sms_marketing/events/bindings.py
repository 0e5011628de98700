"""What every binding has: where a host's object keeps its buyer, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone

from sms_marketing import contacts
from sms_marketing.events import paths
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import Brand, Contact

#: A field path ("customer.phone", "lines__all"), or a method of the binding
#: (``def phone(self, order)``); "" is "the host has no such thing".
Source = str | Callable[..., Any]

CUSTOMER_FIELDS = (
    "phone",
    "first_name",
    "last_name",
    "email",
    "city",
    "language",
    "birth_date",
    "interests",
    "customer_id",
)
PROFILE_TEXTS = ("first_name", "last_name", "email", "city", "language")


class Binding:
    """Says where a host's model keeps what we need; subclassed by the two kinds.

    Every attribute is a field path or a method; see ``ModelBinding``, ``CartBinding``.
    """

    phone: Source = ""
    first_name: Source = ""
    last_name: Source = ""
    email: Source = ""
    city: Source = ""
    language: Source = ""
    birth_date: Source = ""
    interests: Source = ""
    #: The buyer's id in the host's own table: the same buyer is the same contact.
    customer_id: Source = ""
    #: Name of that table, as "shop.Customer"; "" takes it from the path.
    customer_source: str = ""
    #: Name under which objects are recorded; "" is the model's label.
    source: str = ""
    #: Code of the brand; "" is the default brand.
    brand_code: str = ""

    #: Attributes that hold a source, and those that must.
    fields: tuple[str, ...] = CUSTOMER_FIELDS
    required: tuple[str, ...] = ("phone",)

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        self.label: str = model._meta.label
        self.source = self.source or self.label

    def record(self, obj: Any, *, starts_journeys: bool = True) -> None:
        """Write down what an object of the host says now; idempotent."""
        raise NotImplementedError

    def value(self, name: str, obj: Any) -> Any:
        """What the host's object has under one of our names; None if nothing."""
        found = getattr(self, name)
        if callable(found):
            return found(obj)
        return paths.read(obj, found) if found else None

    def text(self, name: str, obj: Any) -> str:
        """The same as a stripped text; "" if nothing."""
        return as_text(self.value(name, obj))

    def brand(self) -> Brand:
        """In whose name messages about these objects speak."""
        if self.brand_code:
            return Brand.objects.get(code=self.brand_code)
        return Brand.objects.get_default()

    def faults(self) -> Iterator[str]:
        """Yield what is wrong with the binding, in words for the developer."""
        for name in self.required:
            if not getattr(self, name):
                yield f"{name} is not set."
        for name in self.fields:
            source = getattr(self, name)
            if isinstance(source, str) and source:
                fault = self.walk(name).fault
                if fault:
                    yield f'{name} = "{source}": {fault}'

    def walk(self, name: str) -> paths.Walk:
        """Follow one of our names along the host's models, without data."""
        source = getattr(self, name)
        if not source or callable(source):
            return paths.Walk(model=None)
        return paths.walk(self.model, source)

    def fetch(self, pk: Any, *, using: str) -> Any:
        """Read an object afresh, with the foreign keys that paths cross; or None."""
        rows = self.model._base_manager.using(using).filter(pk=pk)
        joins = self._joins
        return (rows.select_related(*joins) if joins else rows).first()

    def contact_of(self, obj: Any, *, brand: Brand) -> Contact | None:
        """Create or update the buyer's contact; None if the number is unusable.

        Where the number is a field of the order, another one is no new number of the
        buyer: who has two keeps the consent given for each.
        """
        phone = self.text("phone", obj)
        customer_id = self.text("customer_id", obj)
        try:
            return contacts.upsert(
                phone=phone,
                region=brand.region,
                source=self._customer_source() if customer_id else "",
                external_id=customer_id,
                may_move=self._is_buyers_own(self.phone),
                **self._profile(obj),
            )
        except InvalidPhone:
            return None

    @cached_property
    def _joins(self) -> list[str]:
        return sorted({self.walk(name).joins for name in self.fields} - {""})

    def _profile(self, obj: Any) -> dict[str, Any]:
        profile: dict[str, Any] = {name: self.text(name, obj) for name in PROFILE_TEXTS}
        profile["birth_date"] = self.value("birth_date", obj)
        profile["interests"] = self.value("interests", obj) or ()
        return profile

    def _customer_source(self) -> str:
        if self.customer_source:
            return self.customer_source
        model = paths.walk(self.model, path).model if (path := self._buyer) else None
        return model._meta.label if model is not None else f"{self.source}.customer"

    @property
    def _buyer(self) -> str:
        # "customer.pk" and "customer_id" both are the table behind "customer".
        if not isinstance(self.customer_id, str):
            return ""
        return re.sub(r"(\.|__|_)(pk|id)$", "", self.customer_id)

    def _is_buyers_own(self, source: Source) -> bool:
        own = (f"{self._buyer}.", f"{self._buyer}__")
        return bool(self._buyer) and isinstance(source, str) and source.startswith(own)


def as_text(value: Any) -> str:
    """A value of the host as a text that every database keeps."""
    if value is None:
        return ""
    # PostgreSQL takes no NUL; no database takes half of a surrogate pair.
    whole = str(value).encode("utf-8", "replace").decode("utf-8")
    return whole.replace("\x00", "").strip()


def as_amount(value: Any) -> Decimal:
    """A value of the host as an exact amount; 0 if there is none, else ValueError."""
    if value is None or value == "":
        return Decimal(0)
    try:
        amount = Decimal(value if isinstance(value, Decimal | int) else str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise ValueError("an amount is no number")
    return amount


def as_instant(value: Any, *, zone: str) -> datetime | None:
    """A date or a time of the host as an instant; naive ones are meant in the zone."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    if isinstance(value, datetime) and timezone.is_naive(value):
        value = value.replace(tzinfo=ZoneInfo(zone))
    return value if isinstance(value, datetime) else None


def shown_amount(amount: Decimal) -> str:
    """An amount as messages show it: 24.90, and 0.0375 where cents are not enough."""
    cents = amount.quantize(Decimal("0.01"))
    return str(cents) if cents == amount else f"{amount.normalize():f}"
