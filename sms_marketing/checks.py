"""System checks: what is wrong with the host's settings, and what to write instead.

Ids are never reused. E001 unknown or bad setting · E002 USE_TZ off · E003 no ledger key
· E004 no link key · E005 a provider is misconfigured · W001 no public URL · W002 the
queue is not installed · W003 django-q2 retries tasks that still run · W004 SQLite takes
its write lock late
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings as django_settings
from django.core import checks
from django.db import connections, router

from sms_marketing import providers
from sms_marketing.conf import Settings, settings
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import Event

TAG = "sms_marketing"
#: Keys a MAC is worth its name with.
MIN_KEY_LENGTH = 16
#: What SQLite begins a transaction with to have the write lock from the start.
LOCKING_MODES = {"IMMEDIATE", "EXCLUSIVE"}


@checks.register(TAG)
def check_settings(**kwargs: Any) -> list[checks.CheckMessage]:
    """Everything that can be known without a network or a database."""
    try:
        conf = settings()
    except (ConfigurationError, TypeError) as error:
        return [_error("E001", str(error), "See docs/reference/settings.md.")]
    found: list[checks.CheckMessage] = []
    for check in (_time_zone, _keys, _providers, _public_url, _queue, _sqlite):
        found.extend(check(conf))
    return found


def _time_zone(conf: Settings) -> Iterator[checks.CheckMessage]:
    if not django_settings.USE_TZ:
        yield _error(
            "E002",
            "USE_TZ is off, so allowed hours cannot be kept.",
            "Set USE_TZ = True.",
        )


def _keys(conf: Settings) -> Iterator[checks.CheckMessage]:
    hint = "Put a random text of at least 32 characters there, from the environment."
    if not conf.LEDGER_KEYS or _too_short(conf.LEDGER_KEYS.values()):
        yield _error(
            "E003",
            'SMS_MARKETING["LEDGER_KEYS"] has no usable key: consent is not proved.',
            f'{hint} As {{"2026": os.environ["SMS_LEDGER_KEY"]}}.',
        )
    link_keys = conf.LINK_KEYS
    if (
        not link_keys
        or _too_short(link_keys.values())
        or not set(link_keys) <= {0, 1, 2, 3}
    ):
        yield _error(
            "E004",
            'SMS_MARKETING["LINK_KEYS"] must map one to four ids 0 to 3 to keys.',
            f'{hint} As {{0: os.environ["SMS_LINK_KEY"]}}.',
        )


def _too_short(keys: Iterable[str]) -> bool:
    # None is what an environment without the variable gives.
    return any(len(key or "") < MIN_KEY_LENGTH for key in keys)


def _providers(conf: Settings) -> Iterator[checks.CheckMessage]:
    for alias, spec in conf.PROVIDERS.items():
        try:
            providers.build(alias, spec)
        except ConfigurationError as error:
            yield _error("E005", str(error), "See docs/reference/providers.md.")


def _public_url(conf: Settings) -> Iterator[checks.CheckMessage]:
    parts = urlsplit(conf.PUBLIC_URL)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        yield checks.Warning(
            'SMS_MARKETING["PUBLIC_URL"] is no web address: short links, the opt-out '
            "page and receipts need one.",
            hint='As "https://shop.example/sms", where sms_marketing.urls is included.',
            id=f"{TAG}.W001",
        )


def _queue(conf: Settings) -> Iterator[checks.CheckMessage]:
    if conf.QUEUE != "django_q":
        return
    if not apps.is_installed("django_q"):
        yield checks.Warning(
            'SMS_MARKETING["QUEUE"] is "django_q", which is not in INSTALLED_APPS.',
            hint='Add "django_q" there, or set QUEUE to a queue of your own.',
            id=f"{TAG}.W002",
        )
        return
    cluster = getattr(django_settings, "Q_CLUSTER", {})
    timeout, retry = cluster.get("timeout"), cluster.get("retry", 60)
    if timeout is None or retry <= timeout:
        yield checks.Warning(
            "Q_CLUSTER hands a task out again while it still runs.",
            hint="Set timeout to 120 or so, and retry well above it, such as 600.",
            id=f"{TAG}.W003",
        )


def _sqlite(conf: Settings) -> Iterator[checks.CheckMessage]:
    alias = router.db_for_write(Event)
    if connections[alias].vendor != "sqlite":
        return
    options = connections[alias].settings_dict.get("OPTIONS") or {}
    if str(options.get("transaction_mode")).upper() not in LOCKING_MODES:
        yield checks.Warning(
            f'DATABASES["{alias}"] is SQLite and takes its write lock too late: beside '
            "a worker, pages and tasks fail with “database is locked”.",
            hint='Add "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20}.',
            id=f"{TAG}.W004",
        )


def _error(code: str, message: str, hint: str) -> checks.Error:
    return checks.Error(message, hint=hint, id=f"{TAG}.{code}")
