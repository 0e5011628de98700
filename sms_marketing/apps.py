"""The one place that wires: checks, host bindings, receivers, the schedule."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules, import_string
from django.utils.translation import gettext_lazy as _

from sms_marketing.core import queue


class SmsMarketingConfig(AppConfig):
    """Adds SMS marketing to a site."""

    name = "sms_marketing"
    verbose_name = _("SMS marketing")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # By name: these modules need the app registry to be ready.
        import_string("sms_marketing.checks.check_settings")
        import_string("sms_marketing.journeys.process_events")
        autodiscover_modules("sms_events")
        import_string("sms_marketing.events.connect_bindings")()
        post_migrate.connect(_prepare, sender=self)


def _prepare(*, using: str, **kwargs: Any) -> None:
    """After migrate or flush: brand, schedule, ready-made journeys; idempotent."""
    if using != "default":
        return
    queue.ensure_schedule()
    brand = apps.get_model("sms_marketing", "Brand")._default_manager.ensure_default()
    import_string("sms_marketing.journeys.ensure_ready_made")(brand)
