"""Database work beside the pipeline, on a thread and a connection of its own.

The waits of a claim and of a write then overlap each other and the hand-over: half of
the throughput where the database is slow to answer. SQLite has one writer, and a
transaction one connection: there the same work is done in line.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


def can_run_beside(using: str) -> bool:
    """Whether another connection may work, and would see what this one wrote."""
    connection = connections[using]
    return connection.vendor != "sqlite" and not connection.in_atomic_block


class Aside(Generic[T]):
    """One piece of work at a time; its end is fetched, with its result or its error."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._future: Future[T] | None = None

    @property
    def is_busy(self) -> bool:
        """True from ``start`` until the end was fetched."""
        return self._future is not None

    def move_beside(self) -> None:
        """From now on work on a thread: worth it once there is much to do."""
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1)

    def start(self, work: Callable[[], T]) -> None:
        """Begin; in line, it is over when this returns."""
        if self._executor is not None:
            self._future = self._executor.submit(work)
            return
        self._future = Future()
        try:
            self._future.set_result(work())
        except Exception as error:  # noqa: BLE001  (raised again when it is fetched)
            self._future.set_exception(error)

    def fetch(self) -> T | None:
        """The result, or None while there is none; raises what the work raised."""
        if self._future is None or not self._future.done():
            return None
        future, self._future = self._future, None
        return future.result()

    def wait(self) -> None:
        """Let what is under way come to its end."""
        if self._future is not None:
            wait([self._future])

    def close(self) -> None:
        """End the thread, and its connections."""
        if self._executor is not None:
            self._executor.submit(connections.close_all)
            self._executor.shutdown()
