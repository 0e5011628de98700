"""The port to background work: it carries "look now", never state.

Work is found by claiming due rows, so a lost nudge is harmless and a doubled one too.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from django.apps import apps
from django.db import transaction
from django.utils.module_loading import import_string

from sms_marketing.conf import settings
from sms_marketing.core.db import has_table
from sms_marketing.exceptions import cause_of

logger = logging.getLogger(__name__)

TASKS_MODULE = "sms_marketing.tasks"
TICK_SCHEDULE = "sms_marketing tick"

Argument = int | str
Backend = Callable[..., None]


def nudge(task: str, *args: Argument, using: str | None = None) -> None:
    """Ask a worker to look at ``tasks.<task>`` once this transaction has committed.

    Never raises into the caller: the tick finds the work anyway, a minute later.
    """
    transaction.on_commit(partial(_send, task, *args), using=using, robust=True)


def ensure_schedule() -> bool:
    """Let django-q2 call the tick every minute; True when it had to be written.

    Idempotent; does nothing where another queue is used, or django-q2 is absent or has
    no tables yet.
    """
    if settings().QUEUE != "django_q" or not apps.is_installed("django_q"):
        return False
    schedule = apps.get_model("django_q", "Schedule")
    if not has_table(schedule):
        return False
    _row, created = schedule._default_manager.get_or_create(
        name=TICK_SCHEDULE,
        defaults={
            "func": f"{TASKS_MODULE}.tick",
            "schedule_type": schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
            "cluster": settings().QUEUE_CLUSTER or None,
        },
    )
    return bool(created)


def _send(task: str, *args: Argument) -> None:
    try:
        _backend(settings().QUEUE)(task, *args)
    except Exception as error:  # noqa: BLE001  (any broker; its URL has a password)
        logger.error("nudge %s waits for the tick: %s", task, cause_of(error))


def _backend(name: str) -> Backend:
    return _BACKENDS[name] if name in _BACKENDS else import_string(name)


def _django_q(task: str, *args: Argument) -> None:
    # By name, because django_q is optional and reads its settings when imported.
    async_task = import_string("django_q.tasks.async_task")
    options: dict[str, Any] = {"save": False}
    if settings().QUEUE_CLUSTER:
        options["cluster"] = settings().QUEUE_CLUSTER
    async_task(f"{TASKS_MODULE}.{task}", *args, **options)


def _immediate(task: str, *args: Argument) -> None:
    import_string(f"{TASKS_MODULE}.{task}")(*args)


def _django_tasks(task: str, *args: Argument) -> None:
    function = import_string(f"{TASKS_MODULE}.{task}")
    import_string("django.tasks.task")(function).enqueue(*args)


_BACKENDS: dict[str, Backend] = {
    "django_q": _django_q,
    "immediate": _immediate,
    "django_tasks": _django_tasks,
}
