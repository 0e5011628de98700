"""Brand: in whose name a message speaks, and the habits that go with it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from sms_marketing.core.fields import KeyField

ALL_DAY = ["00:00", "24:00"]
DAYTIME = ["09:00", "20:00"]


def default_languages() -> list[str]:
    """Latvian first: the first market."""
    return ["lv", "en", "ru"]


def default_hours() -> dict[str, Any]:
    """Working days 9–20, Saturday 10–18, never on Sunday (compliance §1.3, Latvia)."""
    weekdays = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), DAYTIME)
    return {**weekdays, "sat": ["10:00", "18:00"], "sun": None}


class BrandManager(models.Manager["Brand"]):
    """Finds the brand that is meant when none is named."""

    def get_default(self) -> Brand:
        """The default brand; the first migration makes one, so it is always there."""
        return self.get(is_default=True)

    def ensure_default(self) -> Brand:
        """The default brand, made again where somebody flushed the database."""
        brand, _created = self.get_or_create(
            is_default=True, defaults={"name": "My shop", "code": "default"}
        )
        return brand


class Brand(models.Model):
    """One seller as the recipient knows it; contacts are shared between brands."""

    name = models.CharField(_("name"), max_length=80)
    code = KeyField(_("code"), max_length=40, unique=True)
    is_default = models.BooleanField(_("default brand"), default=False)
    legal_name = models.CharField(_("legal name"), max_length=160, blank=True)
    legal_id = models.CharField(_("registration number"), max_length=40, blank=True)
    legal_address = models.CharField(_("legal address"), max_length=240, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    languages = models.JSONField(
        _("languages"),
        default=default_languages,
        help_text=_("Order of preference; the first is the fallback."),
    )
    zone = models.CharField(_("time zone"), max_length=64, default="Europe/Riga")
    region = models.CharField(_("country of local numbers"), max_length=2, default="LV")
    link_base_url = models.URLField(
        _("short link address"),
        blank=True,
        help_text=_("As https://vst.lv/s; empty: built from PUBLIC_URL."),
    )
    hours = models.JSONField(
        _("allowed hours"),
        default=default_hours,
        help_text=_("When marketing may arrive, in the recipient's own time."),
    )
    help_text = models.JSONField(
        _("answer to HELP"),
        default=dict,
        blank=True,
        help_text=_("A text for each language; empty: name, e-mail and how to stop."),
    )
    currency = models.CharField(_("base currency"), max_length=3, default="EUR")
    click_window_hours = models.PositiveIntegerField(
        _("credit after a click, hours"), default=120
    )
    delivery_window_hours = models.PositiveIntegerField(
        _("credit after a delivery, hours"), default=24
    )

    objects = BrandManager()

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def fallback_language(self) -> str:
        """The language of a recipient whose own is not known or not written."""
        return str(self.languages[0]) if self.languages else "en"
