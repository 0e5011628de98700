"""Message: the one queue, and everything that happens to a row of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField, MoneyField
from sms_marketing.core.indexes import PartialIndex
from sms_marketing.models.brands import Brand
from sms_marketing.models.campaigns import Campaign
from sms_marketing.models.contacts import Contact
from sms_marketing.models.content import Variant
from sms_marketing.models.journeys import Category, Enrollment, Step
from sms_marketing.models.senders import Sender


class MessageStatus(models.TextChoices):
    """queued → claimed → sent → delivered, and the ways it can end otherwise.

    ``sending`` is not stored: it is what a claimed row at or below its batch's
    watermark is (R3).
    """

    QUEUED = "queued", _("queued")
    CLAIMED = "claimed", _("in hand")
    UNCONFIRMED = "unconfirmed", _("unconfirmed")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    UNDELIVERED = "undelivered", _("not delivered")
    EXPIRED = "expired", _("expired")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("left out")
    CANCELED = "canceled", _("canceled")


class SkipReason(models.TextChoices):
    """Why a member of the audience gets no message."""

    NO_CONSENT = "no_consent", _("no consent")
    SUPPRESSED = "suppressed", _("asked not to be sent to")
    RESTRICTED = "restricted", _("processing restricted")
    ERASED = "erased", _("erased")
    NO_PHONE = "no_phone", _("no number")
    HOLDOUT = "holdout", _("held out for comparison")
    TOO_LATE = "too_late", _("its hour had passed")
    NO_HOURS = "no_hours", _("no hour is allowed")
    BAD_ZONE = "bad_zone", _("unknown time zone")
    MISSING_FIELD = "missing_field", _("a field of the text is missing")
    RENDER_ERROR = "render_error", _("the text could not be made")
    TOO_MANY_PARTS = "too_many_parts", _("too many parts")
    GUARD_CLOSED = "guard_closed", _("no longer true")
    GUARD_FAILED = "guard_failed", _("the site's own check failed")
    NO_LANGUAGE = "no_language", _("no text in a language of theirs")
    NO_SENDER = "no_sender", _("no sender may carry it")
    JOURNEY_LEFT = "journey_left", _("left the journey")
    FREQUENCY_CAP = "frequency_cap", _("had enough messages lately")
    NO_COUPON = "no_coupon", _("no code left")
    SPEND_CAP = "spend_cap", _("the spend limit was reached")


class Priority(models.IntegerChoices):
    """Who leaves first: a person waiting for a code before an advertisement."""

    URGENT = 0, _("codes and answers")
    TRANSACTIONAL = 1, _("service")
    MARKETING = 5, _("marketing")


class SendBatch(models.Model):
    """Rows that one worker took at once: lease, and how far they were handed over.

    Before each release the watermark is moved and committed: that one write is intent
    log, heartbeat and fence (R3, performance.md §4).
    """

    class State(models.TextChoices):
        LIVE = "live", _("in work")
        DONE = "done", _("done")
        DEAD = "dead", _("lost its worker")

    worker = KeyField(max_length=80)
    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    state = models.CharField(max_length=4, choices=State, default=State.LIVE)
    # Rows with an id at or below it may be with the carrier; those above are not.
    watermark = models.BigIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("batch")
        verbose_name_plural = _("batches")
        indexes = [
            # used by recovery: leases that ran out
            models.Index(fields=["state", "lease_until"], name="batch_by_lease"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class MessageQuerySet(models.QuerySet["Message"]):
    """Sets of messages."""

    def real(self) -> MessageQuerySet:
        """Without test sends."""
        return self.filter(is_test=False)


class Message(models.Model):
    """One SMS to one person; born in ``sending.enqueue``, left by ``sending.dispatch``.

    queued → claimed → sent → delivered; unconfirmed after a crash; failed, undelivered,
    expired, skipped(reason), canceled.
    """

    # No constraint in the database (3.5 µs a row of a launch): brands are PROTECTed.
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, db_constraint=False, db_index=False
    )
    category = models.CharField(_("kind"), max_length=13, choices=Category)
    topic = KeyField(max_length=40, blank=True)
    status = models.CharField(
        _("status"), max_length=11, choices=MessageStatus, default=MessageStatus.QUEUED
    )
    skip_reason = models.CharField(
        _("why left out"), max_length=16, choices=SkipReason, blank=True
    )
    priority = models.PositiveSmallIntegerField(choices=Priority)

    # Who. No constraint in the database: it alone doubles the time of a launch
    # (6.1 against 2.95 µs a row), and contacts are never deleted.
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        verbose_name=_("contact"),
        db_constraint=False,
        db_index=False,
        related_name="messages",
    )
    to_phone = KeyField(max_length=16, blank=True)

    # Why. At most one of campaign and enrollment.
    campaign = models.ForeignKey(
        Campaign,
        on_delete=models.PROTECT,
        verbose_name=_("campaign"),
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="messages",
    )
    variant = models.ForeignKey(
        Variant,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
    )
    enrollment = models.ForeignKey(
        Enrollment,
        on_delete=models.PROTECT,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="messages",
    )
    step = models.ForeignKey(
        Step, on_delete=models.SET_NULL, null=True, db_constraint=False, db_index=False
    )
    # What may happen only once, as "enrollment:12:step:3:round:1" or "inbound:7:stop";
    # NULL for campaign rows, which (campaign, contact) holds. One index instead of
    # three whose columns are empty in most rows (R2; docs/why/design.md).
    # A named constraint, because `unique=True` adds a second index for LIKE.
    once_key = KeyField(max_length=120, null=True)
    is_test = models.BooleanField(_("test"), default=False)

    # What. The text is written when it leaves; merge fields of the event before.
    language = models.CharField(_("language"), max_length=10, blank=True)
    body = models.TextField(blank=True)
    context: models.JSONField[Any, Any] = models.JSONField(null=True)  # NULL: no event
    bucket = KeyField(max_length=8, blank=True)

    # When and through whom.
    sender = models.ForeignKey(
        Sender,
        on_delete=models.PROTECT,
        verbose_name=_("sender"),
        db_constraint=False,
        db_index=False,
    )
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(null=True)  # NULL: EXPIRY_HOURS after due_at
    guard = KeyField(max_length=80, blank=True)
    guard_object = KeyField(max_length=80, blank=True)

    # The hand-over. batch and attempt name the try that a receipt belongs to.
    batch = models.ForeignKey(
        SendBatch,
        on_delete=models.SET_NULL,
        null=True,  # NULL: never claimed, or given back
        db_constraint=False,
        db_index=False,
        related_name="messages",
    )
    attempt = models.PositiveSmallIntegerField(_("attempt"), default=0)
    provider_message_id = KeyField(
        _("the provider's id"), max_length=128, null=True
    )  # NULL: not taken yet
    part_count = models.PositiveSmallIntegerField(_("parts"), null=True)
    price = MoneyField(null=True)  # NULL: nothing sent, or no price known
    currency = models.CharField(max_length=3, blank=True)
    error_kind = models.CharField(max_length=20, blank=True)
    error_code = KeyField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        permissions = [
            ("view_body", _("Can read message texts")),
            ("resolve_message", _("Can decide on unconfirmed messages")),
        ]
        # Conditional indexes are cheap while the column is empty. MariaDB and MySQL
        # have none: there they are of all rows.
        indexes = [
            # used by the claim: campaign rows, and rows of no campaign (NULL)
            PartialIndex(
                fields=["campaign", "priority", "due_at", "id"],
                condition=Q(status="queued"),
                plain=["status", "campaign", "priority", "due_at", "id"],
                name="message_due_for_claim",
            ),
            # used by recovery and by the end of a batch
            PartialIndex(
                fields=["batch"],
                condition=Q(status__in=["claimed", "unconfirmed"]),
                plain=["batch", "status"],
                name="message_of_open_batch",
            ),
            # used by receipts of vendors that do not echo our reference
            models.Index(
                fields=["provider_message_id"],
                condition=Q(provider_message_id__isnull=False),
                name="message_by_provider_id",
            ),
            # used by a contact's history, recency rules and attribution
            models.Index(
                fields=["contact", "sent_at"],
                condition=Q(sent_at__isnull=False),
                name="message_history_of_contact",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "contact"], name="message_once_for_a_campaign"
            ),
            models.UniqueConstraint(fields=["once_key"], name="message_once"),
            models.CheckConstraint(
                condition=(Q(status="skipped") & ~Q(skip_reason=""))
                | (~Q(status="skipped") & Q(skip_reason="")),
                name="message_skipped_has_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "delivered"])
                | Q(sent_at__isnull=False),
                name="message_sent_has_sent_at",
            ),
            models.CheckConstraint(
                condition=~Q(status="delivered") | Q(delivered_at__isnull=False),
                name="message_delivered_has_delivered_at",
            ),
            models.CheckConstraint(
                condition=~Q(status="claimed") | Q(batch__isnull=False),
                name="message_claimed_has_batch",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class ReceiptRecord(models.Model):
    """News from a carrier, kept before it is answered and applied afterwards (R7)."""

    class State(models.TextChoices):
        PENDING = "pending", _("to be applied")
        APPLIED = "applied", _("applied")
        ORPHAN = "orphan", _("no such message")

    provider = KeyField(max_length=40)
    # "{message id}-{attempt}", ours; "" when the vendor does not echo it.
    reference = KeyField(max_length=64, blank=True)
    provider_message_id = KeyField(max_length=128, blank=True)
    status = models.CharField(max_length=12)
    error_kind = models.CharField(max_length=20, blank=True)
    error_code = KeyField(max_length=64, blank=True)
    part_count = models.PositiveSmallIntegerField(null=True)  # NULL: not told
    price = MoneyField(null=True)  # NULL: not told
    currency = models.CharField(max_length=3, blank=True)
    occurred_at = models.DateTimeField(null=True)  # NULL: the vendor gives no time
    received_at = models.DateTimeField()
    state = models.CharField(max_length=7, choices=State, default=State.PENDING)
    # Looked at again then; a receipt may come before the result is written.
    retry_at = models.DateTimeField()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        indexes = [
            # used by the fold: what is to be applied
            PartialIndex(
                fields=["retry_at", "id"],
                condition=Q(state="pending"),
                plain=["state", "retry_at", "id"],
                name="receipt_pending",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.status}"
