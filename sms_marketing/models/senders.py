"""Sender: the from-number or name, its provider, rate and price."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sms_marketing.core.fields import KeyField, MoneyField
from sms_marketing.models.brands import Brand


class Sender(models.Model):
    """From whom a message comes: a name (one-way) or a number (two-way)."""

    class Kind(models.TextChoices):
        NAME = "name", _("name (one-way)")
        NUMBER = "number", _("number (two-way)")
        SHORT_CODE = "short_code", _("short number (two-way)")

    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, verbose_name=_("brand"), related_name="senders"
    )
    address = KeyField(
        _("name or number"),
        max_length=16,
        help_text=_("A name of 3 to 11 letters and digits, or a number as +371…"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.NAME)
    provider = KeyField(
        _("provider"),
        max_length=40,
        default="default",
        help_text=_('An alias of SMS_MARKETING["PROVIDERS"].'),
    )
    is_enabled = models.BooleanField(_("in use"), default=True)
    allows_marketing = models.BooleanField(_("for marketing"), default=True)
    allows_transactional = models.BooleanField(_("for service messages"), default=True)
    priority = models.PositiveSmallIntegerField(
        _("order"), default=10, help_text=_("The lowest eligible one is taken.")
    )
    # NULL: as fast as the provider takes them.
    parts_per_second = models.FloatField(_("parts a second"), null=True, blank=True)
    daily_cap = models.PositiveIntegerField(_("messages a day"), null=True, blank=True)
    # The token bucket that all workers share, counted in parts.
    bucket_parts = models.FloatField(default=0, editable=False)
    bucket_at = models.DateTimeField(null=True, editable=False)
    # Circuit breaker: NULL is closed (sending).
    halted_at = models.DateTimeField(null=True, editable=False)
    halt_reason = models.CharField(max_length=200, blank=True, editable=False)
    account_errors = models.PositiveIntegerField(default=0, editable=False)
    # Vendor said "not before"; NULL: no such word.
    not_before = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        ordering = ["priority", "id"]
        permissions = [("operate_sender", _("Can halt and resume a sender"))]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "address"], name="sender_is_one"
            ),
            models.CheckConstraint(
                condition=Q(parts_per_second__isnull=True) | Q(parts_per_second__gt=0),
                name="sender_rate_is_positive",
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_two_way(self) -> bool:
        """True when a recipient can answer STOP to it."""
        return self.kind != self.Kind.NAME


class Price(models.Model):
    """What one part costs, from a day on; the country "" is everywhere else."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="prices")
    country = models.CharField(
        _("country"), max_length=2, blank=True, help_text=_("Empty: all others")
    )
    amount = MoneyField(_("price of a part"))
    currency = models.CharField(_("currency"), max_length=3, default="EUR")
    valid_from = models.DateField(pgettext_lazy("day", "from"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("prices")
        ordering = ["sender", "country", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["sender", "country", "valid_from"], name="price_of_a_day_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount:.4f} {self.currency}"
