"""Who buys."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """Someone who has bought or may buy; most have no login."""

    name = models.CharField(_("name"), max_length=120)
    # As written by whoever wrote it; making a number of it is the library's business.
    phone = models.CharField(_("phone"), max_length=40, db_index=True)
    email = models.EmailField(_("e-mail"), blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    # NULL: the shop does not know it.
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="lv"
    )
    interests = models.JSONField(_("interests"), default=list, blank=True)
    # NULL: a guest. SET_NULL: the orders of a removed login stay.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("login"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """The first word of the name, as a greeting needs it."""
        return (self.name.split() or [""])[0]

    @property
    def last_name(self) -> str:
        """All words of the name after the first."""
        return " ".join(self.name.split()[1:])
