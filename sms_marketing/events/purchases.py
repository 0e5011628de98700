"""Purchases: the shop's orders as facts, kept right through refunds and cancels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from typing import Any

from django.db import IntegrityError, router, transaction

from sms_marketing import contacts, signals
from sms_marketing.core import clock
from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.core.fields import MONEY_SCALE
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import (
    Brand,
    Contact,
    Purchase,
    PurchaseLine,
    PurchaseStatus,
)

#: Amounts, rates and their product need 19 + 18 digits; Decimal's own 28 would round.
PRECISION = 50
MILLIONTH = Decimal(1).scaleb(-MONEY_SCALE)
THOUSANDTH = Decimal("0.001")
RATE_UNIT = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseItem:
    """One line of an order; the amount is that of the whole line."""

    product_id: str
    product_name: str = ""
    category: str = ""
    brand_name: str = ""
    quantity: Decimal = Decimal(1)
    amount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseChange:
    """What came of recording an order."""

    purchase: Purchase
    #: It was not known before.
    created: bool
    #: What is left of its money is another sum than before.
    corrected: bool


@repeated_after_deadlock(Purchase)
def record_purchase(
    *,
    brand: Brand,
    contact: Contact | None,
    source: str,
    external_id: str,
    amount: Decimal,
    currency: str,
    placed_at: datetime | None = None,
    number: str = "",
    status: str = PurchaseStatus.PLACED,
    refunded: Decimal = Decimal(0),
    lines: Sequence[PurchaseItem] | None = None,
    coupon: str = "",
    rate: Decimal | None = None,
    rate_on: date | None = None,
) -> PurchaseChange:
    """Record an order, or what has changed about it: (source, external_id) names it.

    ``rate`` is units of the brand's currency for one unit of the order's; raises
    ConfigurationError when the currencies differ and it is not given. ``lines`` None
    leaves the lines as they are, ``placed_at`` None the moment; without one it is now.
    A known buyer is never taken away again.
    """
    using = router.db_for_write(Purchase)
    moment = placed_at or clock.now()
    values = {
        "number": number[:80],
        "status": status,
        "currency": currency,
        "amount": _exact(amount),
        "refunded_amount": _exact(refunded),
        "base_currency": brand.currency,
        "coupon_code": coupon[:64],
        **({"placed_at": placed_at} if placed_at else {}),
        **_conversion(brand, currency, rate, rate_on or moment.date()),
    }
    values["net_amount"] = _net(values)
    with transaction.atomic(using=using):
        identity = {"source": source, "external_id": external_id}
        fresh = Purchase(brand=brand, contact=contact, **identity, **values)
        fresh.placed_at = moment
        change = _write(fresh, values, using)
        if lines is not None:
            _write_lines(change.purchase, lines, using)
        if change.corrected:
            contacts.announce(
                signals.purchase_corrected,
                using=using,
                sender=Purchase,
                purchase=change.purchase,
            )
    return change


def _exact(value: Decimal, unit: Decimal = MILLIONTH) -> Decimal:
    # As the columns keep it, so that the same order compares equal when it comes again.
    with localcontext(prec=PRECISION):
        return Decimal(value).quantize(unit)


def _conversion(
    brand: Brand, currency: str, rate: Decimal | None, rate_on: date
) -> dict[str, Any]:
    if currency == brand.currency:
        return {"rate": Decimal(1), "rate_on": None}
    if rate is None:
        raise ConfigurationError(
            f"An order in {currency} needs its rate to {brand.currency}: "
            "write `def rate(self, obj)` in the binding."
        )
    return {"rate": _exact(rate, RATE_UNIT), "rate_on": rate_on}


def _net(values: dict[str, Any]) -> Decimal:
    if values["status"] == PurchaseStatus.CANCELED:
        return Decimal(0)
    with localcontext(prec=PRECISION):
        kept: Decimal = values["amount"] - values["refunded_amount"]
        return _exact(kept * values["rate"])


def _write(fresh: Purchase, values: dict[str, Any], using: str) -> PurchaseChange:
    known = _locked(fresh, using)
    if known is None:
        try:
            with transaction.atomic(using=using):
                fresh.save(using=using, force_insert=True)
        except IntegrityError:
            # Another worker was a moment faster; any other fault is the caller's.
            known = _locked(fresh, using)
            if known is None:
                raise
        else:
            return PurchaseChange(purchase=fresh, created=True, corrected=False)
    return _update(known, fresh.contact_id, values, using)


def _locked(fresh: Purchase, using: str) -> Purchase | None:
    rows = Purchase.objects.using(using).select_for_update()
    return rows.filter(source=fresh.source, external_id=fresh.external_id).first()


def _update(
    purchase: Purchase, contact_id: int | None, values: dict[str, Any], using: str
) -> PurchaseChange:
    values = {**values, "contact_id": contact_id or purchase.contact_id}
    changed = [
        name for name, value in values.items() if getattr(purchase, name) != value
    ]
    corrected = "net_amount" in changed or "status" in changed
    if changed:
        for name in changed:
            setattr(purchase, name, values[name])
        purchase.save(using=using)
        # Copies that one covering index answers with (models.purchases).
        purchase.lines.using(using).update(
            contact=purchase.contact_id, placed_at=purchase.placed_at
        )
    return PurchaseChange(purchase=purchase, created=False, corrected=corrected)


def _write_lines(purchase: Purchase, items: Sequence[PurchaseItem], using: str) -> None:
    rows = [_line(purchase, item) for item in items]
    stored = purchase.lines.using(using)
    known = [_facts(row) for row in stored.order_by("pk")]
    if known == [_facts(row) for row in rows]:
        return
    if known:
        stored.all().delete()
    PurchaseLine.objects.using(using).bulk_create(rows)


def _line(purchase: Purchase, item: PurchaseItem) -> PurchaseLine:
    return PurchaseLine(
        purchase=purchase,
        contact_id=purchase.contact_id,
        placed_at=purchase.placed_at,
        product_id=item.product_id[:80],
        product_name=item.product_name[:200],
        category=item.category[:120],
        category_key=contacts.key_of(item.category),
        brand_name=item.brand_name[:120],
        brand_key=contacts.key_of(item.brand_name),
        quantity=_exact(item.quantity, THOUSANDTH),
        amount=_exact(item.amount),
    )


def _facts(line: PurchaseLine) -> tuple[object, ...]:
    return (
        line.product_id,
        line.product_name,
        line.category,
        line.brand_name,
        line.quantity,
        line.amount,
    )
