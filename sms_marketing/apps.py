"""The one place that wires: checks, receivers, host bindings, the schedule."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SmsMarketingConfig(AppConfig):
    """Adds SMS marketing to a site."""

    name = "sms_marketing"
    verbose_name = _("SMS marketing")
    default_auto_field = "django.db.models.BigAutoField"
