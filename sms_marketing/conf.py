"""Every setting of the package: one dict ``SMS_MARKETING`` in the host's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from django.conf import settings as django_settings
from django.core.signals import setting_changed
from django.dispatch import receiver

from sms_marketing.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a host may decide. Reasons stand above each key."""

    #: Providers by alias, in the shape of Django's TASKS: a sender row names an alias,
    #: so credentials stay in the environment and never reach the database.
    PROVIDERS: Mapping[str, Mapping[str, Any]] = field(
        default_factory=lambda: {
            "default": {"BACKEND": "sms_marketing.providers.console.ConsoleProvider"}
        }
    )
    #: Secrets of short links, {0: "…"} to {3: "…"}; the highest id signs, all are
    #: read. Not SECRET_KEY: rotating that must not kill links in people's phones.
    LINK_KEYS: Mapping[int, str] = field(default_factory=dict)
    #: Secrets of the consent ledger, {"2026": "…"}; the last one signs new records,
    #: the first one hashes numbers for ever. Keep them out of the database's backups.
    LEDGER_KEYS: Mapping[str, str] = field(default_factory=dict)
    #: Where this site is reached from outside, as "https://shop.example/sms": short
    #: links and provider callbacks are built from it.
    PUBLIC_URL: str = ""
    #: Country of numbers written without a country code.
    DEFAULT_REGION: str = "LV"
    #: What carries nudges: "django_q", "immediate" (tests), "django_tasks", or the
    #: dotted path of a callable (name, *args). Only "look now" travels by it.
    QUEUE: str = "django_q"
    #: Named django-q2 cluster (ALT_CLUSTERS) for our tasks; "" is the default one.
    QUEUE_CLUSTER: str = ""
    #: How long one tick keeps looking for due work, in seconds. 0 looks once a minute;
    #: a site with a worker to spare sets 50 and gets timing to the second.
    TICK_SECONDS: float = 0.0
    #: How long one dispatch task works before it hands over to a fresh one, in seconds.
    #: Well below Q_CLUSTER["timeout"].
    DISPATCH_SECONDS: float = 20.0
    #: A worker silent for so long has lost its batch to the others, in seconds.
    #: Longer than a provider's timeout, so that a slow answer is not a death.
    LEASE_SECONDS: float = 60.0
    #: Rows handed to the sender threads for one move of the watermark. 128 costs 8 % of
    #: the throughput of 256 and halves what a kill leaves unconfirmed.
    RELEASE_SIZE: int = 128
    #: Requests in flight for each worker, unless the provider says otherwise.
    CONCURRENCY: int = 64
    #: Outcomes are written together this often, in seconds.
    FLUSH_SECONDS: float = 0.1
    #: Consent is asked again when the last look is older, in seconds (R1: at most 3).
    RECHECK_SECONDS: float = 2.5
    #: Tries of one message before it is failed for good.
    MAX_ATTEMPTS: int = 5
    #: First wait before another try, in seconds; doubles each time, at most an hour.
    BACKOFF_SECONDS: float = 30.0
    #: Contacts for each transaction of a launch; 20 000 is as fast as one statement.
    LAUNCH_CHUNK: int = 20_000
    #: More parts than this and a text is refused. Handsets still join ten.
    MAX_PARTS: int = 6
    #: After so many hours an unconfirmed message waits for the operator's decision.
    UNCONFIRMED_HOURS: int = 24
    #: A queued message that could not leave for so many hours is given up as expired.
    EXPIRY_HOURS: int = 72
    #: Largest webhook body that is read, in bytes.
    WEBHOOK_MAX_BYTES: int = 1_048_576


@cache
def settings() -> Settings:
    """The settings in force; rebuilt when a test overrides them."""
    given = getattr(django_settings, "SMS_MARKETING", {})
    known = {item.name for item in fields(Settings)}
    unknown = sorted(set(given) - known)
    if unknown:
        raise ConfigurationError(
            f"SMS_MARKETING has no key {', '.join(unknown)}. "
            f"Known keys: {', '.join(sorted(known))}."
        )
    return Settings(**given)


@receiver(setting_changed)
def forget(*, setting: str, **kwargs: object) -> None:
    """Read the settings again after ``override_settings``."""
    if setting == "SMS_MARKETING":
        settings.cache_clear()
