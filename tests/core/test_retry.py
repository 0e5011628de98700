"""What a deadlock undid is done again, by whoever began the transaction."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from time import monotonic

import pytest
from django.db import OperationalError, transaction

from sms_marketing.core.db import repeated_after_deadlock
from sms_marketing.core.db.retry import MAX_TRIES, in_transaction
from sms_marketing.models import Brand, Contact
from tests.factories import make_contact
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def fault(code):
    """What Django raises for an error of MariaDB."""
    return OperationalError(code, "the database says so")


class Work:
    """Writes, and then fails as often as it is told."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.runs = 0

    def __call__(self) -> str:
        self.runs += 1
        with transaction.atomic():
            Brand.objects.create(name="x", code=f"run-{self.runs}")
            if self.errors:
                raise self.errors.pop(0)
        return "done"


@pytest.mark.parametrize("code", [1213, 1205])
def test_what_a_deadlock_undid_is_done_again(code):
    work = Work(fault(code), fault(code))

    assert repeated_after_deadlock(Brand)(work)() == "done"
    assert work.runs == 3
    made = Brand.objects.filter(code__startswith="run-").values_list("code", flat=True)
    assert list(made) == ["run-3"]


@pytest.fixture
def busy(tmp_path):
    """The refusal of a real SQLite file: a reader turned writer behind another one."""
    reader, writer = (
        sqlite3.connect(tmp_path / "shop.sqlite3", isolation_level=None)
        for _number in range(2)
    )
    with closing(reader), closing(writer):
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("CREATE TABLE till (euros INTEGER)")
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM till").fetchall()
        writer.execute("INSERT INTO till VALUES (1)")
        with pytest.raises(sqlite3.OperationalError) as refused:
            reader.execute("INSERT INTO till VALUES (2)")
    error = OperationalError("database is locked")
    error.__cause__ = refused.value
    return error


def test_r1_an_opt_out_that_met_a_busy_sqlite_is_tried_again(busy):
    work = Work(busy, busy)

    assert repeated_after_deadlock(Brand)(work)() == "done"
    assert work.runs == 3


def test_a_sqlite_that_stays_busy_is_told_while_the_page_is_still_waited_for(busy):
    work = Work(*[busy] * (MAX_TRIES + 1))
    started = monotonic()

    with pytest.raises(OperationalError):
        in_transaction(work, using="default")
    assert work.runs > 3
    assert monotonic() - started < 5


def test_deadlocks_without_end_are_told():
    work = Work(*[fault(1213)] * (MAX_TRIES + 1))

    with pytest.raises(OperationalError):
        in_transaction(work, using="default")
    assert work.runs == MAX_TRIES


def test_another_fault_is_told_at_once():
    work = Work(fault(2006), OperationalError())

    for _ in range(2):
        with pytest.raises(OperationalError):
            repeated_after_deadlock(Brand)(work)()
    assert work.runs == 2


def test_within_a_transaction_of_the_caller_it_is_done_once():
    work = Work(fault(1213))

    with pytest.raises(OperationalError), transaction.atomic():
        repeated_after_deadlock(Brand)(work)()
    assert work.runs == 1


@pytest.mark.real_database
def test_two_who_wait_for_each_other_both_come_through():
    ids = [make_contact().pk, make_contact().pk]
    both_hold_one = threading.Barrier(2)
    runs = []

    def crosswise(first, second):
        runs.append(first)
        rows = Contact.objects.select_for_update()
        rows.get(pk=first)
        if len(runs) <= 2:
            both_hold_one.wait(timeout=10)
        rows.filter(pk=second).update(city=str(first))

    at_once(
        lambda: in_transaction(lambda: crosswise(*ids), using="default"),
        lambda: in_transaction(lambda: crosswise(*reversed(ids)), using="default"),
    )

    assert len(runs) == 3
    assert set(Contact.objects.values_list("city", flat=True)) == {str(i) for i in ids}
