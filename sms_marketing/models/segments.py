"""Segment: which contacts, by rules or by a fixed list."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from sms_marketing.models.contacts import Contact


class Segment(models.Model):
    """A named audience. Rules are evaluated anew each time; a fixed list is a table."""

    class Kind(models.TextChoices):
        DYNAMIC = "dynamic", _("rules")
        STATIC = "static", _("fixed list")

    name = models.CharField(_("name"), max_length=120)
    description = models.TextField(_("description"), blank=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind, default=Kind.DYNAMIC)
    rules = models.JSONField(_("rules"), default=dict, blank=True)
    members = models.ManyToManyField(Contact, through="SegmentMember", blank=True)
    # NULL: never counted.
    last_count = models.PositiveIntegerField(null=True, editable=False)
    last_counted_at = models.DateTimeField(null=True, editable=False)
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
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SegmentMember(models.Model):
    """One contact of a fixed list."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("segment member")
        verbose_name_plural = _("segment members")
        constraints = [
            models.UniqueConstraint(
                fields=["segment", "contact"], name="segment_member_is_one"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}:{self.contact_id}"
