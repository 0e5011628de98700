"""What is on sale, and in which words."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import get_language, gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

CURRENCY = "EUR"


class Category(models.TextChoices):
    """Departments of the shop; customers' interests use the same words."""

    BATH = "bath", pgettext_lazy("department", "Bath & sauna")
    HOME = "home", pgettext_lazy("department", "Home")
    PANTRY = "pantry", pgettext_lazy("department", "Pantry")
    WOOL = "wool", pgettext_lazy("department", "Wool & linen")
    AMBER = "amber", pgettext_lazy("department", "Amber")


class Product(models.Model):
    """One thing on the shelf; its picture is a drawing out of the shop's own sprite."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), unique=True)
    description = models.TextField(_("description"), blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    brand = models.CharField(_("maker"), max_length=80, blank=True)
    # A drawing's name in static/shop/drawings.svg.
    drawing = models.SlugField(_("drawing"), default="shell")
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["category", "name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The product's page."""
        return reverse("shop:product", args=[self.slug])

    @property
    def shown_name(self) -> str:
        """The name in the visitor's language, where it has been translated."""
        return gettext(self.name)

    @property
    def shown_description(self) -> str:
        """The description in the visitor's language (gettext("") is a file header)."""
        return gettext(self.description) if self.description else ""


def in_language(language: str, text: str) -> str:
    """A catalogue's text in a buyer's language; "" is the active one."""
    # Whoever saves the row, staff or visitor, may read another language.
    with override(language or get_language()):
        return gettext(text) if text else ""
