"""Campaign: one send to one audience, from draft to report."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sms_marketing.core.fields import KeyField, MoneyField
from sms_marketing.models.brands import Brand
from sms_marketing.models.segments import Segment
from sms_marketing.models.senders import Sender


class CampaignStatus(models.TextChoices):
    """Where a campaign stands; ``campaigns.lifecycle`` has the allowed moves."""

    DRAFT = "draft", _("draft")
    SCHEDULED = "scheduled", _("scheduled")
    LAUNCHING = "launching", _("launching")
    SENDING = "sending", _("sending")
    PAUSED = "paused", _("paused")
    FINISHED = "finished", _("finished")
    CANCELED = "canceled", pgettext_lazy("campaign", "canceled")


class EncodingPolicy(models.TextChoices):
    """What to do with letters that make a message dearer (``text.encoding``)."""

    KEEP = "keep", _("keep every letter")
    PUNCTUATION = "punctuation", _("plain quotes and dashes")
    STRIP = "strip", _("letters without diacritics")


def new_salt() -> str:
    """A salt of its own for each campaign, so that splits do not correlate."""
    return secrets.token_hex(4)


class Campaign(models.Model):
    """One text to one audience.

    draft → scheduled → launching → sending ⇄ paused → finished, or canceled on the way
    """

    class Schedule(models.TextChoices):
        NOW = "now", _("at once")
        BRAND_TIME = "brand_time", _("at a time of ours")
        LOCAL_TIME = "local_time", _("at the recipient's own time")

    class LatePolicy(models.TextChoices):
        """For a zone whose moment has passed by more than two hours."""

        NEXT_DAY = "next_day", _("the next day")
        SKIP = "skip", _("leave them out")

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, verbose_name=_("brand"))
    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=CampaignStatus,
        default=CampaignStatus.DRAFT,
        editable=False,
    )
    topic = KeyField(_("topic"), max_length=40, blank=True)
    segments = models.ManyToManyField(
        Segment, related_name="campaigns", verbose_name=_("audience")
    )
    excluded_segments = models.ManyToManyField(
        Segment, related_name="+", blank=True, verbose_name=_("but not")
    )
    # NULL in a draft only: a launch without a sender is refused.
    sender = models.ForeignKey(
        Sender,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("sender"),
    )
    encoding_policy = models.CharField(
        _("letters"),
        max_length=12,
        choices=EncodingPolicy,
        default=EncodingPolicy.PUNCTUATION,
    )
    schedule = models.CharField(
        _("when"), max_length=10, choices=Schedule, default=Schedule.NOW
    )
    # A wall-clock plan is (local date and time, zone), so it survives DST (R12).
    # NULL: at once.
    send_on = models.DateField(_("day"), null=True, blank=True)
    send_time = models.TimeField(_("time"), null=True, blank=True)
    late_policy = models.CharField(
        _("if it is already past there"),
        max_length=8,
        choices=LatePolicy,
        default=LatePolicy.NEXT_DAY,
    )
    holdout_percent = models.PositiveSmallIntegerField(
        _("held out, %"),
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(50)],
    )
    # NULL: no limit.
    spend_cap = MoneyField(_("spend at most"), null=True, blank=True)
    salt = KeyField(max_length=16, default=new_salt, editable=False)
    # Frozen by the launch from an independent count; NULL before (R4).
    audience_count = models.PositiveIntegerField(null=True, editable=False)
    # Id of the last contact whose row is written; a killed launch goes on after it.
    launch_checkpoint = models.BigIntegerField(default=0, editable=False)
    launch_lease_until = models.DateTimeField(null=True, editable=False)
    launched_at = models.DateTimeField(null=True, editable=False)
    finished_at = models.DateTimeField(null=True, editable=False)
    # Instant at which the launch is due; NULL while a draft.
    due_at = models.DateTimeField(null=True, editable=False)
    halt_reason = models.CharField(max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Kept by name when the account goes.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_by_name = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        permissions = [("send_campaign", _("Can test, launch, pause and cancel"))]
        indexes = [
            # used by the tick: what is due, what is sending
            models.Index(fields=["status", "due_at"], name="campaign_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(audience_count__isnull=False)
                | Q(status__in=["draft", "scheduled", "launching", "canceled"]),
                name="campaign_sending_has_audience",
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50), name="campaign_holdout_at_most_50"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_editable(self) -> bool:
        """True until the audience is frozen."""
        return self.status in {CampaignStatus.DRAFT, CampaignStatus.SCHEDULED}

    @property
    def is_running(self) -> bool:
        """True while messages may still leave."""
        return self.status in {CampaignStatus.LAUNCHING, CampaignStatus.SENDING}
