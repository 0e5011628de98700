"""What a busy database refused is tried again, where no other work hangs on it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic, sleep

from django.db import OperationalError, transaction

from sms_marketing.models import Event

#: Seconds between the tries.
PAUSES = (0.05, 0.1, 0.2, 0.4, 0.6)
#: Seconds after which no new try begins: a buyer waits for the page meanwhile.
PATIENCE = 1.5


def patiently(work: Callable[[], None], *, using: str) -> None:
    """Do work as one transaction; again if the database was too busy for it.

    PostgreSQL and MariaDB end one of two transactions that wait for each other; SQLite
    waits in vain for its ``timeout``. Raises the last OperationalError;
    within a transaction of the caller's the first, because that is broken as a whole.
    """
    if transaction.get_connection(using).in_atomic_block:
        return work()
    until = monotonic() + PATIENCE
    for pause in PAUSES:
        try:
            return _do(work, using)
        except OperationalError:
            if monotonic() + pause > until:
                raise
            sleep(pause)
    return _do(work, using)


def _do(work: Callable[[], None], using: str) -> None:
    with transaction.atomic(using=using):
        if transaction.get_connection(using).vendor == "sqlite":
            # A reader there that turns writer is refused at once; whoever begins with a
            # write, be it to no row, waits for its turn.
            Event.objects.using(using).filter(pk=0).update(name="")
        work()
