"""What recipients write back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sms_marketing.core.fields import KeyField
from sms_marketing.models.brands import Brand
from sms_marketing.models.contacts import Contact
from sms_marketing.models.messages import Message
from sms_marketing.models.senders import Sender


class InboundMessage(models.Model):
    """One SMS from a person, kept before it is answered (R7)."""

    class Action(models.TextChoices):
        NONE = "", _("kept")
        STOP = "stop", _("stopped marketing")
        STOP_ALL = "stop_all", _("stopped everything")
        START = "start", _("started again")
        HELP = "help", _("asked for help")

    provider = KeyField(max_length=40)
    # The vendor's id, else a digest of what it sent: a replay is the same row.
    dedup_key = KeyField(max_length=128)
    # NULL: it came to an address that is none of ours.
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, null=True)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, verbose_name=_("brand"))
    # NULL: not processed yet, or a number that cannot be a contact (a short code).
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        verbose_name=_("contact"),
        null=True,
        related_name="inbound_messages",
    )
    from_phone = KeyField(pgettext_lazy("phone", "from"), max_length=32)
    to_address = KeyField(pgettext_lazy("phone", "to"), max_length=32, blank=True)
    text = models.TextField(_("text"), blank=True)
    action = models.CharField(_("done"), max_length=8, choices=Action, blank=True)
    rule = models.CharField(_("matched"), max_length=80, blank=True)
    # NULL: answers no message that we know of.
    in_reply_to = models.ForeignKey(
        Message,
        on_delete=models.SET_NULL,
        null=True,
        db_constraint=False,
        related_name="replies",
    )
    occurred_at = models.DateTimeField(null=True)  # NULL: the vendor gives no time
    received_at = models.DateTimeField(_("received"))
    processed_at = models.DateTimeField(null=True)  # NULL: waits for its turn

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        permissions = [("view_reply_text", _("Can read replies"))]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "dedup_key"], name="inbound_is_one"
            ),
        ]
        indexes = [
            # used by the tick: what waits for its turn
            models.Index(fields=["processed_at", "id"], name="inbound_waiting"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
