"""The example's settings: what each database gets, and what never reaches a log."""

from __future__ import annotations

import logging

import environ
import pytest

from example_project.logs import without_query
from example_project.settings import DATABASES, database

LITE = {"transaction_mode": "IMMEDIATE", "timeout": 20}
MARIA = {"isolation_level": "read committed", "charset": "utf8mb4"}


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("sqlite:////tmp/x.sqlite3", LITE),
        ("mysql://u:p@127.0.0.1/shop", MARIA),
        ("postgres://u:p@127.0.0.1/shop", {}),
    ],
)
def test_each_database_gets_its_options(url: str, options: dict[str, object]) -> None:
    given = database(environ.Env.db_url_config(url))["OPTIONS"]

    assert {name: given.get(name) for name in options} == options
    assert bool(given) == bool(options)


def test_options_in_the_address_win() -> None:
    config = environ.Env.db_url_config("sqlite:////tmp/x.sqlite3?timeout=5")

    assert database(config)["OPTIONS"]["timeout"] == 5
    assert "default" in DATABASES


def test_r10_a_log_line_loses_the_query_of_an_address() -> None:
    line = '"%s" %s %s'
    request = ("GET /admin/shop/order/?q=20000001 HTTP/1.1", "200", 512)
    record = logging.LogRecord("django.server", 20, "", 0, line, request, None)

    kept = without_query()(record).getMessage()

    assert kept == '"GET /admin/shop/order/?… HTTP/1.1" 200 512'


def test_a_log_line_without_arguments_stays_as_it_is() -> None:
    record = logging.LogRecord("shop", 20, "", 0, "Really?yes", None, None)

    assert without_query()(record).getMessage() == "Really?yes"
