"""The consent ledger, its current state, and the list of numbers not to be sent to."""

from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField
from sms_marketing.models.brands import Brand
from sms_marketing.models.contacts import Contact


class ConsentStatus(models.TextChoices):
    """What a number's ledger folds to."""

    UNKNOWN = "unknown", _("unknown")
    PENDING = "pending", _("pending")
    OPTED_IN = "opted_in", _("opted in")
    OPTED_OUT = "opted_out", _("opted out")


class ConsentMethod(models.TextChoices):
    """How consent was given or withdrawn."""

    WEB_FORM = "web_form", _("web form")
    KEYWORD = "keyword", _("SMS keyword")
    LINK = "link", _("opt-out page")
    STAFF = "staff", _("staff")
    API = "api", _("API")
    IMPORT = "import", _("import")
    PAPER = "paper", _("paper")
    VERBAL = "verbal", _("spoken")
    CARRIER = "carrier", _("carrier")
    ERASURE = "erasure", _("erasure")


class Channel(models.TextChoices):
    """Ways to a phone. Consent is given for one of them."""

    SMS = "sms", _("SMS")
    RCS = "rcs", _("RCS")
    MMS = "mms", _("MMS")


class AppendOnlyError(TypeError):
    """Somebody tried to change or delete a ledger row."""


class ConsentRecordQuerySet(models.QuerySet["ConsentRecord"]):
    """Reads only; ``contacts.consent`` appends and ``contacts.erasure`` blanks."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The consent ledger is append-only.")

    def delete(self) -> NoReturn:
        raise AppendOnlyError("The consent ledger is append-only.")

    def blank_personal(self) -> int:
        """Forget the person; digests stay, so that the chain still verifies (R11)."""
        return super().update(contact=None, personal=None, salt="")


class ConsentRecord(models.Model):
    """One act of consent or withdrawal, as evidence: who, when, how, which words.

    One chain for each (brand, number): each row's MAC covers the row before it.
    """

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, verbose_name=_("brand"))
    phone_hash = KeyField(max_length=64)
    sequence = models.PositiveIntegerField(_("number in the chain"))
    # NULL: the person was erased, or was never a contact here.
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        verbose_name=_("contact"),
        null=True,
        related_name="consent_records",
    )
    status = models.CharField(_("status"), max_length=10, choices=ConsentStatus)
    channel = models.CharField(
        _("channel"), max_length=5, choices=Channel, default=Channel.SMS
    )
    topic = KeyField(
        _("topic"),
        max_length=40,
        blank=True,
        help_text=_("Empty: marketing as a whole."),
    )
    method = models.CharField(_("given by"), max_length=10, choices=ConsentMethod)
    wording = models.TextField(
        _("wording"), blank=True, help_text=_("The exact words shown.")
    )
    wording_language = models.CharField(
        _("language of the wording"), max_length=10, blank=True
    )
    # Form, URL, keyword, file and row: evidence that names no person.
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    # Number, IP, user agent, raw text. NULL after erasure; digested with the salt.
    personal = models.JSONField(null=True, blank=True)
    salt = KeyField(max_length=32, blank=True)
    personal_digest = KeyField(_("digest of the personal part"), max_length=64)
    actor = models.CharField(_("recorded by"), max_length=150, blank=True)
    occurred_at = models.DateTimeField(_("happened"))
    recorded_at = models.DateTimeField(_("recorded"))
    key_id = KeyField(_("key"), max_length=20)
    previous_mac = KeyField(_("MAC of the row before"), max_length=64, blank=True)
    mac = KeyField(_("MAC"), max_length=64)

    objects = ConsentRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent record")
        verbose_name_plural = _("consent ledger")
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "phone_hash", "sequence"],
                name="consent_chain_has_no_fork",
            ),
        ]
        indexes = [
            # used by the contact's page
            models.Index(fields=["contact", "id"], name="consent_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} · {self.occurred_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnlyError("The consent ledger is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise AppendOnlyError("The consent ledger is append-only.")


class ConsentState(models.Model):
    """What the ledger says now, for sets: written in the ledger's own transaction."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="consent_states"
    )
    brand = models.ForeignKey(Brand, on_delete=models.CASCADE, verbose_name=_("brand"))
    channel = models.CharField(
        _("channel"), max_length=5, choices=Channel, default=Channel.SMS
    )
    topic = KeyField(_("topic"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=ConsentStatus)
    since = models.DateTimeField(_("since"))

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "brand", "channel", "topic"],
                name="consent_state_is_one",
            ),
        ]
        indexes = [
            # used by audiences: everybody with consent for a brand and topic
            models.Index(
                fields=["brand", "channel", "topic", "status", "contact"],
                name="consent_in_force",
            ),
        ]

    def __str__(self) -> str:
        return self.get_status_display()


class LedgerSeal(models.Model):
    """An hourly MAC over all chain heads: shows a removed tail or a removed chain."""

    sealed_at = models.DateTimeField()
    last_record = models.BigIntegerField(help_text=_("Id of the newest record sealed."))
    chain_count = models.PositiveBigIntegerField()
    heads_digest = KeyField(max_length=64)
    key_id = KeyField(max_length=20)
    previous_mac = KeyField(max_length=64, blank=True)
    mac = KeyField(max_length=64)

    class Meta:
        verbose_name = _("ledger seal")
        verbose_name_plural = _("ledger seals")

    def __str__(self) -> str:
        return f"{self.sealed_at:%Y-%m-%d %H:%M}"


class SuppressionScope(models.TextChoices):
    """How much is withheld (R1)."""

    MARKETING = "marketing", _("marketing")
    ALL_BUT_OTP = "all_but_otp", _("everything but one-time codes")
    EVERYTHING = "everything", _("everything")


class SuppressionReason(models.TextChoices):
    """Why a number is not sent to."""

    STOP = "stop", _("asked to stop")
    STOP_ALL = "stop_all", _("asked to stop everything")
    LINK = "link", _("opted out on the page")
    STAFF = "staff", _("staff")
    API = "api", _("API")
    IMPORT = "import", _("import")
    CARRIER = "carrier", _("refused by the carrier")
    INVALID = "invalid", _("number does not exist")
    ERASED = "erased", _("erased")


class SuppressionQuerySet(models.QuerySet["Suppression"]):
    """Sets of suppressions."""

    def active(self) -> SuppressionQuerySet:
        """Those in force."""
        return self.filter(lifted_at__isnull=True)


class Suppression(models.Model):
    """A number that is not sent to; known by its keyed hash, so it outlives erasure."""

    #: ``sender_key`` of a suppression that holds for every sender of the brand.
    EVERY_SENDER = 0

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, verbose_name=_("brand"))
    phone_hash = KeyField(max_length=64)
    # NULL: erased, or never a contact here.
    contact = models.ForeignKey(
        Contact,
        on_delete=models.SET_NULL,
        verbose_name=_("contact"),
        null=True,
        related_name="suppressions",
    )
    scope = models.CharField(_("withheld"), max_length=12, choices=SuppressionScope)
    # Id of the one sender that the carrier refused; 0 instead of NULL, because NULLs
    # are never equal in a unique constraint.
    sender_key = models.BigIntegerField(default=EVERY_SENDER)
    reason = models.CharField(_("why"), max_length=10, choices=SuppressionReason)
    created_at = models.DateTimeField(_("added"))
    # NULL: in force.
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    actor = models.CharField(max_length=150, blank=True)

    objects = SuppressionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suppressed number")
        verbose_name_plural = _("suppressed numbers")
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "phone_hash", "scope", "sender_key"],
                name="suppression_is_one",
            ),
            models.CheckConstraint(
                condition=Q(sender_key__gte=0), name="suppression_sender_key"
            ),
        ]
        indexes = [
            # used by the gate: is this number suppressed
            models.Index(
                fields=["phone_hash", "lifted_at"], name="suppression_by_hash"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_scope_display()}: {self.get_reason_display()}"


class ErasureLog(models.Model):
    """That a contact was erased, when and by whom; nothing of the person."""

    contact = models.ForeignKey(Contact, on_delete=models.PROTECT)
    erased_at = models.DateTimeField()
    # Kept by name when the account goes.
    erased_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    erased_by_name = models.CharField(max_length=150, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d %H:%M}"
