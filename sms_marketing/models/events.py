"""What contacts did: events, clicks, and the sales that followed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField
from sms_marketing.core.indexes import PartialIndex
from sms_marketing.models.contacts import Contact
from sms_marketing.models.content import Link
from sms_marketing.models.messages import Message
from sms_marketing.models.purchases import Purchase


class Event(models.Model):
    """Something a contact did, told by the site: it starts and ends journeys."""

    # NULL: the host's object has no usable number; kept, so that nothing disappears.
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, related_name="events"
    )
    name = KeyField(_("name"), max_length=80)
    properties: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    # The same key is the same event: saving an order twice is one "order placed".
    key = KeyField(max_length=200, null=True)  # NULL: every call counts
    object_label = KeyField(max_length=80, blank=True)
    object_id = KeyField(max_length=80, blank=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    # NULL: journeys have not looked at it yet.
    processed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["key"], name="event_is_one"),
        ]
        indexes = [
            # used by journeys: what is new
            PartialIndex(
                fields=["id"],
                condition=Q(processed_at__isnull=True),
                plain=["processed_at", "id"],
                name="event_unprocessed",
            ),
            # used by segments: did, did not, how often
            models.Index(
                fields=["name", "contact", "occurred_at"], name="event_by_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Click(models.Model):
    """One request for a short link, by a person or a machine; every hit is kept."""

    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, db_constraint=False, related_name="clicks"
    )
    # NULL: the opt-out link, or a link that is no longer known.
    link = models.ForeignKey(
        Link, on_delete=models.SET_NULL, null=True, db_constraint=False
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    clicked_at = models.DateTimeField()
    is_bot = models.BooleanField(default=False)
    bot_reason = models.CharField(max_length=20, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    # NULL: blanked by retention or erasure.
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = _("click")
        verbose_name_plural = _("clicks")
        indexes = [
            # used by attribution: the last human click before a purchase
            models.Index(fields=["contact", "clicked_at"], name="click_of_contact"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Conversion(models.Model):
    """The one message that a purchase is credited to: attributed, never "caused"."""

    class Basis(models.TextChoices):
        CLICK = "click", _("last click")
        DELIVERY = "delivery", _("delivery")

    # One credit a purchase: the constraint is this one-to-one.
    purchase = models.OneToOneField(
        Purchase, on_delete=models.CASCADE, related_name="conversion"
    )
    message = models.ForeignKey(
        Message,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="conversions",
    )
    # NULL: credited by delivery.
    click = models.ForeignKey(
        Click, on_delete=models.SET_NULL, null=True, db_constraint=False
    )
    # How much is the purchase's own net amount: a refund corrects every report.
    basis = models.CharField(max_length=8, choices=Basis)
    credited_at = models.DateTimeField()

    class Meta:
        verbose_name = _("attributed sale")
        verbose_name_plural = _("attributed sales")

    def __str__(self) -> str:
        return f"#{self.pk}"
