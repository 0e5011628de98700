"""Several connections at once, for tests of races on the databases that have them."""

from __future__ import annotations

import threading
from collections.abc import Callable

from django.db import connections


def at_once(*acts: Callable[[], object]) -> None:
    """Run each act in a thread of its own; none of them may raise."""
    start, errors = threading.Barrier(len(acts)), []

    def work(act: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            act()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test tells)
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not errors, [repr(error) for error in errors]
