"""Which message a purchase is credited to: the last human click, else a delivery."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import router

from sms_marketing.core import clock
from sms_marketing.core.db import insert_missing
from sms_marketing.models import (
    Brand,
    Category,
    Click,
    Conversion,
    Message,
    Purchase,
    PurchaseStatus,
)

#: Purchases looked at together: four queries a batch, whatever its size.
BATCH = 500
#: How long a purchase may still find its message, because a receipt came late.
PATIENCE = timedelta(hours=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """One click or delivery that a purchase could be credited to."""

    at: datetime
    brand_id: int
    message_id: int
    click_id: int | None = None


def attribute_new(*, within: timedelta = PATIENCE) -> int:
    """Credit the purchases of the last hours, or ``within``, that have no credit yet.

    By when they were placed, and by when they were written: an order that waited days
    for its bank transfer is recorded once it is paid.
    """
    since = clock.now() - within
    purchases = Purchase.objects.using(router.db_for_write(Purchase))
    placed = purchases.filter(placed_at__gte=since).values_list("pk", flat=True)
    # The time of writing has no index; what was written last has the highest ids.
    newest = purchases.order_by("-pk").values_list("pk", "updated_at")[:BATCH]
    return attribute({*placed, *(pk for pk, written in newest if written >= since)})


def attribute(purchase_ids: Iterable[int]) -> int:
    """Credit each purchase at most once; return how many were credited now.

    The last human click within the brand's click window before the purchase, else the
    last delivery within its delivery window. A credit says "after", never "because".
    """
    return sum(_attribute_batch(ids) for ids in _batches(purchase_ids))


def _batches(purchase_ids: Iterable[int]) -> Iterator[Sequence[int]]:
    ids = list(purchase_ids)
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]


def _attribute_batch(ids: Sequence[int]) -> int:
    purchases = _open_purchases(ids)
    if not purchases:
        return 0
    clicks, deliveries = _clicks(purchases), _deliveries(purchases)
    found = [
        conversion
        for purchase in purchases
        if (conversion := _credit(purchase, clicks, deliveries)) is not None
    ]
    # Somebody else may have credited it meanwhile: one purchase, one row.
    using = router.db_for_write(Conversion)
    insert_missing(Conversion, found, unique=["purchase"], using=using)
    return len(found)


def _open_purchases(ids: Sequence[int]) -> list[Purchase]:
    return list(
        Purchase.objects.using(router.db_for_write(Purchase))
        .select_related("brand")
        .filter(pk__in=ids, contact__isnull=False, conversion__isnull=True)
        .exclude(status=PurchaseStatus.CANCELED)
    )


def _credit(
    purchase: Purchase,
    clicks: dict[int, list[Touch]],
    deliveries: dict[int, list[Touch]],
) -> Conversion | None:
    brand, contact_id = purchase.brand, purchase.contact_id or 0
    bases = (
        (Conversion.Basis.CLICK, clicks, brand.click_window_hours),
        (Conversion.Basis.DELIVERY, deliveries, brand.delivery_window_hours),
    )
    for basis, touches, hours in bases:
        touch = _last_within(touches[contact_id], purchase, hours)
        if touch is not None:
            return Conversion(
                purchase=purchase,
                message_id=touch.message_id,
                click_id=touch.click_id,
                basis=basis,
                credited_at=clock.now(),
            )
    return None


def _last_within(touches: list[Touch], purchase: Purchase, hours: int) -> Touch | None:
    since = purchase.placed_at - timedelta(hours=hours)
    # Contacts are shared by the brands; what one of them advertised sold nothing of
    # another, whose currency may be another too.
    within = [
        touch
        for touch in touches
        if touch.brand_id == purchase.brand_id
        and since <= touch.at <= purchase.placed_at
    ]
    return max(within, key=lambda touch: touch.at, default=None)


def _clicks(purchases: list[Purchase]) -> dict[int, list[Touch]]:
    start, end = _span(purchases, lambda brand: brand.click_window_hours)
    rows = Click.objects.filter(
        contact__in={purchase.contact_id for purchase in purchases},
        clicked_at__range=(start, end),
        is_bot=False,
        link__isnull=False,
        message__category=Category.MARKETING,
        message__is_test=False,
    ).values_list("contact_id", "clicked_at", "message__brand_id", "message_id", "pk")
    touches: dict[int, list[Touch]] = defaultdict(list)
    for contact_id, at, brand_id, message_id, click_id in rows:
        touch = Touch(
            at=at, brand_id=brand_id, message_id=message_id, click_id=click_id
        )
        touches[contact_id].append(touch)
    return touches


def _deliveries(purchases: list[Purchase]) -> dict[int, list[Touch]]:
    start, end = _span(purchases, lambda brand: brand.delivery_window_hours)
    rows = Message.objects.filter(
        contact__in={purchase.contact_id for purchase in purchases},
        # A delivery follows its sending, so the history index narrows this one.
        sent_at__range=(start - timedelta(days=2), end),
        delivered_at__range=(start, end),
        category=Category.MARKETING,
        is_test=False,
    ).values_list("contact_id", "delivered_at", "brand_id", "pk")
    touches: dict[int, list[Touch]] = defaultdict(list)
    for contact_id, at, brand_id, message_id in rows:
        if at is not None:
            touch = Touch(at=at, brand_id=brand_id, message_id=message_id)
            touches[contact_id].append(touch)
    return touches


def _span(
    purchases: list[Purchase], hours: Callable[[Brand], int]
) -> tuple[datetime, datetime]:
    start = min(p.placed_at - timedelta(hours=hours(p.brand)) for p in purchases)
    return start, max(purchase.placed_at for purchase in purchases)
