"""Purchase: the shop's orders as facts, refunds and cancels included."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField, MoneyField
from sms_marketing.models.brands import Brand
from sms_marketing.models.contacts import Contact


class PurchaseStatus(models.TextChoices):
    """Canceled counts as nothing; refunded keeps what was not given back."""

    PLACED = "placed", _("placed")
    REFUNDED = "refunded", _("refunded")
    CANCELED = "canceled", _("canceled")


class Purchase(models.Model):
    """One order, in its own currency and in the brand's base currency (R12)."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    # NULL: bought without a usable number.
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, related_name="purchases"
    )
    source = KeyField(max_length=80, help_text=_("As shop.Order"))
    external_id = KeyField(max_length=80)
    number = models.CharField(_("number"), max_length=80, blank=True)
    status = models.CharField(
        max_length=8, choices=PurchaseStatus, default=PurchaseStatus.PLACED
    )
    currency = models.CharField(max_length=3)
    amount = MoneyField(_("amount"))
    refunded_amount = MoneyField(_("refunded"), default=0)
    base_currency = models.CharField(max_length=3)
    # Units of base currency for one unit of the original, and whose rate it is.
    rate = models.DecimalField(max_digits=18, decimal_places=8, default=1)
    rate_on = models.DateField(null=True)  # NULL: same currency
    # (amount − refunded) × rate, 0 once canceled: what rules and reports add up.
    net_amount = MoneyField(_("net amount"))
    coupon_code = KeyField(max_length=64, blank=True)
    placed_at = models.DateTimeField(_("placed"))
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("purchase")
        verbose_name_plural = _("purchases")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="purchase_is_one"
            ),
        ]
        indexes = [
            # used by segments (count, sum, recency) and the last purchase date
            models.Index(
                fields=["contact", "placed_at", "status", "net_amount"],
                name="purchase_of_contact",
            ),
            models.Index(fields=["placed_at", "contact"], name="purchase_by_time"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.source}:{self.external_id}"


class PurchaseLine(models.Model):
    """One product of a purchase."""

    purchase = models.ForeignKey(
        Purchase, on_delete=models.CASCADE, related_name="lines"
    )
    # Copies of the purchase's, so that one covering index answers "bought X in 90 days"
    # (15.6 ms against 159 at a million contacts).
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
    )
    placed_at = models.DateTimeField()
    product_id = KeyField(max_length=80)
    product_name = models.CharField(max_length=200, blank=True)
    category = models.CharField(max_length=120, blank=True)
    category_key = KeyField(max_length=160, blank=True)
    brand_name = models.CharField(max_length=120, blank=True)
    brand_key = KeyField(max_length=160, blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, default=1)
    amount = MoneyField()

    class Meta:
        verbose_name = _("purchase line")
        verbose_name_plural = _("purchase lines")
        indexes = [
            # used by segments on categories and products
            models.Index(
                fields=["category_key", "placed_at", "contact"], name="line_by_category"
            ),
            models.Index(
                fields=["product_id", "placed_at", "contact"], name="line_by_product"
            ),
        ]

    def __str__(self) -> str:
        return self.product_name or self.product_id
