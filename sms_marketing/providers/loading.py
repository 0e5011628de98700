"""Turns SMS_MARKETING["PROVIDERS"] into live providers, one for each alias."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from django.core.signals import setting_changed
from django.dispatch import receiver
from django.utils.module_loading import import_string

from sms_marketing import conf
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers.base import BaseProvider
from sms_marketing.providers.options import OptionReader
from sms_marketing.providers.transport import AnyTransport

_live: dict[str, BaseProvider] = {}
_lock = threading.Lock()


def get_provider(alias: str = "default") -> BaseProvider:
    """Return the provider configured under an alias; the same one to every thread.

    Raises ConfigurationError, saying what to write, if there is none or it is wrong.
    """
    provider = _live.get(alias)
    if provider is not None:
        return provider
    configured = conf.settings().PROVIDERS
    if alias not in configured:
        known = ", ".join(sorted(configured)) or "none"
        raise ConfigurationError(
            f'SMS_MARKETING["PROVIDERS"] has no "{alias}". Configured: {known}.'
        )
    with _lock:
        if alias not in _live:
            _live[alias] = build(alias, configured[alias])
        return _live[alias]


def build(
    alias: str, spec: Mapping[str, Any], *, transport: AnyTransport | None = None
) -> BaseProvider:
    """Make a provider of ``{"BACKEND": "dotted.Class", "OPTIONS": {…}}``.

    Raises ConfigurationError if the class or one of its options is wrong.
    """
    reader = OptionReader(spec, f'SMS_MARKETING["PROVIDERS"]["{alias}"]')
    backend = _import_backend(reader)
    options = reader.raw("OPTIONS") if reader.has("OPTIONS") else {}
    if not isinstance(options, Mapping):
        raise reader.wrong("OPTIONS", "must be a dict")
    reader.finish()
    return backend(alias, options, transport=transport)


def reset() -> None:
    """Forget all live providers and close their connections."""
    with _lock:
        providers = list(_live.values())
        _live.clear()
    for provider in providers:
        provider.close()


@receiver(setting_changed)
def _forget_with_settings(*, setting: str, **kwargs: object) -> None:
    if setting == "SMS_MARKETING":
        reset()


def _import_backend(reader: OptionReader) -> type[BaseProvider]:
    path = reader.text("BACKEND")
    try:
        backend = import_string(path)
    except ImportError as error:
        raise reader.wrong("BACKEND", f"cannot be imported ({error})") from error
    if not (isinstance(backend, type) and issubclass(backend, BaseProvider)):
        raise reader.wrong(
            "BACKEND", "must name a subclass of sms_marketing.providers.BaseProvider"
        )
    return backend
