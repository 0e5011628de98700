"""From whom a message goes, what a part of it costs, and stopping a sender by hand."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import router
from django.db.models import QuerySet

from sms_marketing.core.db import DatabaseNow
from sms_marketing.models import Brand, Category, Price, Sender

logger = logging.getLogger(__name__)


def eligible_senders(brand_id: int, *, category: str) -> QuerySet[Sender]:
    """The senders of a brand that may carry this category, in their order."""
    marketing = category == Category.MARKETING
    allowed = "allows_marketing" if marketing else "allows_transactional"
    senders = Sender.objects.using(router.db_for_write(Sender))
    return senders.filter(brand_id=brand_id, is_enabled=True, **{allowed: True})


def choose_sender(
    brand: Brand, *, category: str, campaign_sender: Sender | None = None
) -> Sender | None:
    """The wanted sender if it may carry this, else the first one that may, or None.

    A halted one is only taken where there is no other: its messages wait.
    """
    found = list(eligible_senders(brand.pk, category=category))
    if campaign_sender is not None and campaign_sender in found:
        return campaign_sender
    working = [sender for sender in found if sender.halted_at is None]
    return next(iter(working or found), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceList:
    """The prices of one sender on one day, by country; "" is everywhere else."""

    prices: Mapping[str, Price]

    @classmethod
    def load(cls, sender_id: int, *, on: date) -> PriceList:
        """Read the list with one query."""
        rows = Price.objects.filter(sender_id=sender_id, valid_from__lte=on)
        # The newest comes last and wins.
        return cls(prices={row.country: row for row in rows.order_by("valid_from")})

    def find(self, country: str) -> Price | None:
        """The price of a part to a country."""
        return self.prices.get(country) or self.prices.get("")


def price_of(sender: Sender, *, country: str, on: date) -> Price | None:
    """What one part to a country costs through a sender on a day; None: not known."""
    return PriceList.load(sender.pk, on=on).find(country)


def halt_sender(sender: Sender, *, reason: str) -> bool:
    """Stop a sender until somebody resumes it; its messages wait or find another.

    False if it stood still already. ``reason`` is for the person who looks.
    """
    senders = Sender.objects.using(router.db_for_write(Sender))
    halted = senders.filter(pk=sender.pk, halted_at__isnull=True).update(
        halted_at=DatabaseNow(), halt_reason=reason[:200]
    )
    if halted:
        logger.error("sender %s halted: %s", sender.pk, reason)
    return bool(halted)


def resume_sender(sender: Sender) -> bool:
    """Let a halted sender work again; False if it was not halted."""
    senders = Sender.objects.using(router.db_for_write(Sender))
    halted = senders.filter(pk=sender.pk, halted_at__isnull=False)
    resumed = halted.update(
        halted_at=None, halt_reason="", account_errors=0, not_before=None
    )
    return bool(resumed)
