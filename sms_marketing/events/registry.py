"""``@register(Order)``: host models, bound in the shape of the admin's register."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from django.db import OperationalError, models, router, transaction
from django.db.models.signals import post_save

from sms_marketing.core.queue import nudge
from sms_marketing.core.registry import Registry
from sms_marketing.events.bindings import Binding
from sms_marketing.events.carts import CartBinding
from sms_marketing.events.guards import guards, register_guard
from sms_marketing.events.patience import patiently
from sms_marketing.exceptions import ConfigurationError, cause_of
from sms_marketing.models import Event

logger = logging.getLogger(__name__)

B = TypeVar("B", bound=type[Binding])

#: Bindings by model label, as "shop.Order".
registry: Registry[Binding] = Registry("binding")


def register(*host_models: type[models.Model]) -> Callable[[B], B]:
    """Bind models of the host: ``@register(Order) class OrderEvents(ModelBinding)``.

    Raises ConfigurationError, as the site starts, for a path that is not on the model.
    """

    def bind(binding_class: B) -> B:
        for model in host_models:
            add_binding(binding_class(model), name=binding_class.__name__)
        return binding_class

    return bind


def add_binding(binding: Binding, *, name: str) -> None:
    """Check a binding and take it in, with its guard if it has one."""
    faults = list(binding.faults())
    if faults:
        raise ConfigurationError(f"{name} for {binding.label}: {' '.join(faults)}")
    registry.add(binding.label, binding)
    if isinstance(binding, CartBinding):
        register_guard(binding.guard_name, binding.ask)


def remove_binding(label: str) -> None:
    """Forget a model again; for tests of hosts."""
    binding = registry.find(label)
    if isinstance(binding, CartBinding):
        guards.remove(binding.guard_name)
    registry.remove(label)


def connect_bindings() -> None:
    """Listen to the saving of every bound model; called once all apps are loaded."""
    for label, binding in registry.items():
        post_save.connect(
            on_saved, sender=binding.model, dispatch_uid=f"sms_marketing.{label}"
        )


def on_saved(
    *, sender: type[models.Model], instance: Any, using: str, raw: bool, **kwargs: Any
) -> None:
    """Look at a host's object when its transaction has committed, never before.

    So the lines saved after the order are seen, and a rolled back order leaves nothing.
    """
    if not raw:  # fixtures come in any order and tell of nothing new
        later = partial(_record_saved, sender._meta.label, instance.pk, using)
        transaction.on_commit(later, using=using)


def record(obj: models.Model, *, starts_journeys: bool = True) -> None:
    """Record one object of a bound model now, as its saving does; idempotent.

    For backfills (``starts_journeys=False``: nobody is written to about old orders) and
    for objects changed without a save. Raises what goes wrong.
    """
    binding = registry.get(obj._meta.label)
    binding.record(obj, starts_journeys=starts_journeys)


def record_by_key(label: str, pk: Any, using: str) -> None:
    """Record an object that could not be recorded when it was saved; for workers.

    Never raises: what fails again is logged with what to do.
    """
    try:
        _record_stored(label, pk, using)
    except Exception as error:  # noqa: BLE001  (a queue would keep the row it quotes)
        _log_unrecorded(label, pk, error)


def _record_saved(label: str, pk: Any, using: str) -> None:
    try:
        _record_stored(label, pk, using)
    except OperationalError as error:
        _log_unrecorded(label, pk, error)
        # Kept in the queue's own table, the order survives a restart.
        nudge("record", label, str(pk), using, using=router.db_for_write(Event))
    except Exception as error:  # noqa: BLE001  (the host's order stands)
        _log_unrecorded(label, pk, error)


def _record_stored(label: str, pk: Any, using: str) -> None:
    binding = registry.find(label)
    if binding is None:
        return

    def look() -> None:
        obj = binding.fetch(pk, using=using)
        if obj is not None:
            binding.record(obj)

    patiently(look, using=router.db_for_write(Event))


def _log_unrecorded(label: str, pk: Any, error: Exception) -> None:
    # A foreign message may quote a row, so the log says what and where only (R10).
    logger.error(
        "%s %s was not recorded: %s. A worker tries again if the database was busy; "
        "else, once the cause is gone, call sms_marketing.events.record(obj) with it.",
        label,
        pk,
        cause_of(error),
    )
