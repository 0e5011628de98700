"""Work beside the caller: one piece at a time, its error included."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from sms_marketing.sending.aside import Aside, can_run_beside


@pytest.fixture(params=["in line", "beside"])
def aside(request):
    made = Aside()
    if request.param == "beside":
        made.move_beside()
        made.move_beside()
    yield made
    made.close()


def test_the_result_is_fetched_once(aside):
    assert aside.fetch() is None
    aside.wait()

    aside.start(lambda: 7)
    assert aside.is_busy
    aside.wait()

    assert aside.fetch() == 7
    assert not aside.is_busy
    assert aside.fetch() is None


def test_an_error_is_raised_where_it_is_fetched(aside):
    aside.start(lambda: 1 // 0)
    aside.wait()

    with pytest.raises(ZeroDivisionError):
        aside.fetch()
    assert not aside.is_busy


def test_beside_means_on_another_thread():
    aside, may_end = Aside(), threading.Event()
    aside.move_beside()

    aside.start(lambda: may_end.wait(5) and threading.get_ident())

    assert aside.fetch() is None
    assert aside.is_busy
    may_end.set()
    aside.wait()
    assert aside.fetch() != threading.get_ident()
    aside.close()


@pytest.mark.django_db
def test_within_a_transaction_nothing_runs_beside():
    assert connection.in_atomic_block
    assert not can_run_beside("default")


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_otherwise_it_may():
    assert can_run_beside("default")
