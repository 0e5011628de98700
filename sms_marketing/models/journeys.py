"""Journey: an automated path that an event starts and another event ends."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField
from sms_marketing.models.brands import Brand
from sms_marketing.models.campaigns import EncodingPolicy
from sms_marketing.models.contacts import Contact
from sms_marketing.models.senders import Sender


class JourneyStatus(models.TextChoices):
    """Draft takes nobody in; paused takes nobody in and sends nothing."""

    DRAFT = "draft", _("draft")
    LIVE = "live", _("live")
    PAUSED = "paused", _("paused")


class Category(models.TextChoices):
    """Every message has one; it decides consent, hours and order of leaving (R13)."""

    MARKETING = "marketing", _("marketing")
    TRANSACTIONAL = "transactional", _("service")
    OTP = "otp", _("one-time code")
    COMPLIANCE = "compliance", _("answer to STOP or HELP")


class Journey(models.Model):
    """What happens to each contact (and object) after a trigger event."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT)
    code = KeyField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(
        _("status"), max_length=8, choices=JourneyStatus, default=JourneyStatus.DRAFT
    )
    category = models.CharField(_("kind"), max_length=13, choices=Category)
    topic = KeyField(_("topic"), max_length=40, blank=True)
    trigger_event = KeyField(_("starts with the event"), max_length=80)
    conditions = models.JSONField(
        _("only if"),
        default=dict,
        blank=True,
        help_text=_(
            'Properties of the event that must be equal, as {"status": "paid"}.'
        ),
    )
    exit_events = models.JSONField(
        _("ends with the events"),
        default=list,
        blank=True,
        help_text=_('A list such as ["order_placed"].'),
    )
    restarts = models.BooleanField(
        _("the same event starts the wait again"),
        default=False,
        help_text=_("As for a cart: each change of it postpones the reminder."),
    )
    # Name of the live check of the host's object before each message; "" is none.
    guard = KeyField(_("still true check"), max_length=80, blank=True)
    sender = models.ForeignKey(
        Sender,
        on_delete=models.PROTECT,
        null=True,  # NULL: the first eligible sender of the brand
        blank=True,
        verbose_name=_("sender"),
    )
    encoding_policy = models.CharField(
        _("letters"),
        max_length=12,
        choices=EncodingPolicy,
        default=EncodingPolicy.PUNCTUATION,
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("journey")
        verbose_name_plural = _("journeys")
        ordering = ["name"]
        permissions = [("operate_journey", _("Can start and pause journeys"))]
        indexes = [
            # used for each event: which journeys does it start
            models.Index(fields=["trigger_event", "status"], name="journey_by_trigger"),
        ]

    def __str__(self) -> str:
        return self.name


class Step(models.Model):
    """One thing that a journey does, in order of position."""

    class Kind(models.TextChoices):
        WAIT = "wait", _("wait")
        SEND = "send", _("send")

    journey = models.ForeignKey(Journey, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(_("order"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    wait_seconds = models.PositiveIntegerField(_("seconds to wait"), default=0)
    config: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["journey", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "position"], name="step_position_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.get_kind_display()}"


class EnrollmentStatus(models.TextChoices):
    """active → completed, or exited on the way."""

    ACTIVE = "active", _("on the way")
    COMPLETED = "completed", _("completed")
    EXITED = "exited", _("left")


class Enrollment(models.Model):
    """One contact on a journey, for one object: active → completed | exited."""

    journey = models.ForeignKey(
        Journey, on_delete=models.PROTECT, related_name="enrollments"
    )
    contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, related_name="enrollments"
    )
    # The object it is about, else the event: a contact may have two orders on the way.
    key = KeyField(max_length=200)
    object_label = KeyField(max_length=80, blank=True)
    object_id = KeyField(max_length=80, blank=True)
    # Merge fields of the event, frozen when the contact entered.
    context: models.JSONField[Any, Any] = models.JSONField(default=dict)
    status = models.CharField(
        max_length=10, choices=EnrollmentStatus, default=EnrollmentStatus.ACTIVE
    )
    position = models.PositiveSmallIntegerField(default=0)
    # When the next step is due; NULL once ended.
    due_at = models.DateTimeField(null=True)
    # A step is sent once for each round; a wait that starts again is no new round: one
    # reminder for one cart.
    round = models.PositiveIntegerField(default=1)
    entered_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    exit_reason = models.CharField(max_length=40, blank=True)

    class Meta:
        verbose_name = _("enrollment")
        verbose_name_plural = _("enrollments")
        constraints = [
            models.UniqueConstraint(
                fields=["journey", "contact", "key"],
                name="enrollment_once_for_an_object",
            ),
            models.CheckConstraint(
                condition=Q(status="active", due_at__isnull=False)
                | (~Q(status="active") & Q(due_at__isnull=True)),
                name="enrollment_active_has_due_at",
            ),
        ]
        indexes = [
            # used by the runner: whose step is due (NULL once ended)
            models.Index(fields=["due_at", "id"], name="enrollment_due"),
            # used by exit events of an object
            models.Index(
                fields=["object_label", "object_id"], name="enrollment_by_object"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.journey_id}:{self.contact_id}"
