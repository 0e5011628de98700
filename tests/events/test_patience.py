"""A database that is too busy for a moment loses no order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import OperationalError, transaction

from sms_marketing.events import patience
from sms_marketing.events.patience import patiently


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    waited: list[float] = []
    monkeypatch.setattr(patience, "monotonic", lambda: sum(waited))
    monkeypatch.setattr(patience, "sleep", waited.append)
    return waited


def refused(times: int) -> tuple[Callable[[], None], list[int]]:
    """Work that is refused so many times, and the tries it took."""
    tries: list[int] = []

    def work() -> None:
        tries.append(len(tries))
        if len(tries) <= times:
            raise OperationalError("database is locked")

    return work, tries


@pytest.mark.django_db(transaction=True)
def test_a_refusal_is_tried_again_after_growing_pauses(pauses) -> None:
    work, tries = refused(3)

    patiently(work, using="default")

    assert len(tries) == 4
    assert pauses == list(patience.PAUSES[:3]) == sorted(pauses)


@pytest.mark.django_db(transaction=True)
def test_who_is_always_refused_is_told_after_a_second_and_a_half(pauses) -> None:
    work, tries = refused(99)

    with pytest.raises(OperationalError):
        patiently(work, using="default")

    assert len(tries) == len(patience.PAUSES) + 1
    assert sum(pauses) < patience.PATIENCE


@pytest.mark.django_db(transaction=True)
def test_who_has_waited_inside_the_database_waits_no_more(pauses, monkeypatch) -> None:
    work, tries = refused(99)
    clock = iter([0.0, 5.0]).__next__
    monkeypatch.setattr(patience, "monotonic", clock)

    with pytest.raises(OperationalError):
        patiently(work, using="default")

    assert len(tries) == 1
    assert not pauses


@pytest.mark.django_db(transaction=True)
def test_inside_somebodys_transaction_there_is_one_try(pauses) -> None:
    work, tries = refused(1)

    with pytest.raises(OperationalError), transaction.atomic():
        patiently(work, using="default")

    assert len(tries) == 1
    assert not pauses


@pytest.mark.processes
def test_fifty_quick_orders_beside_a_worker_lose_none_on_plain_sqlite(
    tmp_path: Path,
) -> None:
    root = Path(__file__).parents[2]
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'shop.sqlite3'}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PYTHONPATH": str(root),
    }
    run = [sys.executable, "-m", "tests.events.busy_shop"]
    done = subprocess.run(
        run, env=environment, cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)

    assert told["mode"] is None
    assert told["orders"] == told["purchases"] == told["events"] == 50
    assert told["tracked"] == 50
    assert "was not recorded" not in done.stderr
