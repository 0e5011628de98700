"""Does again what the database gave up because it had other transactions to serve."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import monotonic, sleep
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connections, models, router, transaction

P = ParamSpec("P")
T = TypeVar("T")

#: MariaDB and MySQL: a deadlock, and a lock that was waited for in vain. PostgreSQL: a
#: deadlock. Inserts into unique indexes suffice for one in MariaDB, in whatever order.
DEADLOCK_CODES = frozenset({1213, 1205, "40P01"})
#: SQLite (low byte of its code): a reader that turned writer while another one wrote.
#: It is refused at once, whatever the timeout, unless it began IMMEDIATE (check W004).
SQLITE_BUSY = 5
#: No further try begins after so many seconds, for somebody waits for the page; the
#: first pause is short and each next one twice as long.
PATIENCE, FIRST_PAUSE = 1.5, 0.02
#: How often it is begun; rings of short transactions mostly come apart at the first.
MAX_TRIES = 8


def repeated_after_deadlock(
    model: type[models.Model],
) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorate what writes in one transaction of its own, and is called as a whole.

    Where the caller has begun a transaction it is done once: a deadlock has undone the
    caller's part as well, and only the caller can begin again.
    """

    def decorate(work: Callable[P, T]) -> Callable[P, T]:
        @wraps(work)
        def repeat(*args: P.args, **kwargs: P.kwargs) -> T:
            using = router.db_for_write(model)
            return _repeat(lambda: work(*args, **kwargs), using)

        return repeat

    return decorate


def in_transaction(work: Callable[[], T], *, using: str) -> T:
    """Return what ``work`` returns, done in a transaction; again if refused."""

    def once() -> T:
        with transaction.atomic(using=using):
            return work()

    return _repeat(once, using)


def _repeat(work: Callable[[], T], using: str) -> T:
    if connections[using].in_atomic_block:
        return work()
    until = monotonic() + PATIENCE
    for number in range(MAX_TRIES - 1):
        try:
            return work()
        except OperationalError as error:
            if is_busy(error) and monotonic() < until:
                sleep(FIRST_PAUSE * 2**number)
            elif not is_deadlock(error):
                raise
    return work()


def is_busy(error: OperationalError) -> bool:
    """True if SQLite let another writer go first."""
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return code is not None and code & 0xFF == SQLITE_BUSY


def is_deadlock(error: OperationalError) -> bool:
    """True if the database ended a transaction for the sake of another one."""
    cause: Any = error.__cause__
    code = getattr(cause, "sqlstate", None) or (error.args and error.args[0])
    return code in DEADLOCK_CODES
