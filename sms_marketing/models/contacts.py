"""Contact: a person with a number, and what the site knows of them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField


class ContactQuerySet(models.QuerySet["Contact"]):
    """Sets of contacts."""

    def reachable(self) -> ContactQuerySet:
        """Those that still have a number and may be processed."""
        return self.filter(phone__isnull=False, is_restricted=False)


class Contact(models.Model):
    """A person with a number. Never deleted: erasing blanks the row (R11).

    Consent belongs to the number, not to the row: a changed number inherits none.
    """

    # NULL only after erasure, so that the number can be given to nobody else's history.
    phone = KeyField(_("phone"), max_length=16, null=True, help_text="E.164")
    # HMAC of the number under the first ledger key: joins consent and suppression.
    phone_hash = KeyField(max_length=64, blank=True, editable=False)
    first_name = models.CharField(_("first name"), max_length=80, blank=True)
    last_name = models.CharField(_("last name"), max_length=80, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    # Keys as well: rules compare with these, and "LV" is no "lv" anywhere (R14).
    language = KeyField(_("language"), max_length=10, blank=True)
    country = KeyField(_("country"), max_length=2, blank=True)
    region = models.CharField(_("region"), max_length=80, blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    # Normalised twins (NFC, casefold, accents kept) that rules compare with (R14).
    region_key = KeyField(max_length=120, blank=True, editable=False)
    city_key = KeyField(max_length=120, blank=True, editable=False)
    postcode = models.CharField(_("postcode"), max_length=16, blank=True)
    # NULL: the place is not known; 0 is a place in the Gulf of Guinea.
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    # NULL: not told; a rule on age is then false (R14).
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    zone = KeyField(
        _("time zone"),
        max_length=64,
        blank=True,
        help_text=_("As Europe/Riga; empty: taken from the number, then the brand."),
    )
    zone_source = models.CharField(max_length=20, blank=True, editable=False)
    attributes = models.JSONField(_("other fields"), default=dict, blank=True)
    is_restricted = models.BooleanField(
        _("processing restricted"),
        default=False,
        help_text=_("GDPR art. 18: kept, but nothing is sent."),
    )
    # NULL: not erased.
    erased_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [
            ("erase_contact", _("Can erase a contact for good")),
            ("view_phone", _("Can see whole phone numbers")),
        ]
        indexes = [
            # used by opt-outs and imports, which know a number only by its hash
            models.Index(fields=["phone_hash"], name="contact_by_phone_hash"),
            # used by segments on place and age
            models.Index(fields=["city_key", "birth_date"], name="contact_by_place"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["phone"], name="contact_phone_is_one"),
            models.CheckConstraint(
                condition=Q(phone__isnull=True) | Q(erased_at__isnull=True),
                name="contact_erased_has_no_phone",
            ),
        ]

    def __str__(self) -> str:
        return self.full_name or f"#{self.pk}"

    @property
    def full_name(self) -> str:
        """Both names, or what there is of them."""
        return f"{self.first_name} {self.last_name}".strip()


class ContactIdentity(models.Model):
    """Who a contact is in the host's own tables, or in an outside system."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="identities"
    )
    source = KeyField(_("source"), max_length=80, help_text=_("As shop.Customer"))
    external_id = KeyField(_("id there"), max_length=80)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], name="identity_is_one_contact"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source}:{self.external_id}"


class ContactTag(models.Model):
    """One interest or label of a contact; a row, so that every database can ask."""

    class Kind(models.TextChoices):
        INTEREST = "interest", _("interest")
        TAG = "tag", _("tag")

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="tags")
    kind = models.CharField(
        _("kind"), max_length=10, choices=Kind, default=Kind.INTEREST
    )
    label = models.CharField(_("label"), max_length=80)
    key = KeyField(max_length=120, editable=False)

    class Meta:
        verbose_name = _("interest or tag")
        verbose_name_plural = _("interests and tags")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "kind", "key"], name="tag_once_for_a_contact"
            ),
        ]
        indexes = [
            # used by segments: which contacts have this interest
            models.Index(fields=["kind", "key", "contact"], name="tag_by_key"),
        ]

    def __str__(self) -> str:
        return self.label
