"""What is said: variants, a body for each language, and the links in it."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import cascade
from sms_marketing.models.campaigns import Campaign
from sms_marketing.models.journeys import Step


class Variant(models.Model):
    """One way to say it, of a campaign or of a journey's step."""

    # Exactly one of the two is set (constraint below).
    campaign = models.ForeignKey(
        Campaign, on_delete=cascade, null=True, related_name="variants"
    )
    step = models.ForeignKey(
        Step, on_delete=cascade, null=True, related_name="variants"
    )
    name = models.CharField(_("name"), max_length=40, default="A")
    weight = models.PositiveSmallIntegerField(
        _("share"), default=100, validators=[MaxValueValidator(100)]
    )

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, step__isnull=True)
                | Q(campaign__isnull=True, step__isnull=False),
                name="variant_has_one_owner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class VariantBody(models.Model):
    """The text of a variant in one language."""

    variant = models.ForeignKey(
        Variant, on_delete=models.CASCADE, related_name="bodies"
    )
    language = models.CharField(_("language"), max_length=10)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        ordering = ["variant", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "language"], name="body_of_a_language_is_one"
            ),
        ]

    def __str__(self) -> str:
        return self.language


class Link(models.Model):
    """A web address in a body; its position rides in the short token of a message.

    A position is never given to another address, so that an old SMS still leads home.
    """

    body = models.ForeignKey(
        VariantBody, on_delete=models.CASCADE, related_name="links"
    )
    position = models.PositiveSmallIntegerField()
    # May hold merge fields after the host part; filled in when the link is opened.
    url = models.TextField()

    class Meta:
        verbose_name = _("link")
        verbose_name_plural = _("links")
        ordering = ["body", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "position"], name="link_position_is_one"
            ),
            # 7 is the opt-out link's (text.links.OPT_OUT_POSITION).
            models.CheckConstraint(
                condition=Q(position__lte=6), name="link_position_at_most_6"
            ),
        ]

    def __str__(self) -> str:
        return self.url
