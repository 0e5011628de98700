"""The one place that wires: checks, host bindings, receivers, the schedule."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig, apps
from django.db import router
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules, import_string
from django.utils.translation import gettext_lazy as _

from sms_marketing.core import queue
from sms_marketing.core.db import has_table


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
    """After migrate or flush: schedule, brand, ready-made journeys; idempotent.

    Each waits for its own tables: this is called for ``migrate auth`` too.
    """
    queue.ensure_schedule()
    brands = apps.get_model("sms_marketing", "Brand")
    if using == router.db_for_write(brands) and has_table(brands):
        brand = brands._default_manager.db_manager(using).ensure_default()
        import_string("sms_marketing.journeys.ensure_ready_made")(brand)
