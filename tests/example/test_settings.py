"""The example's settings: what each database gets, and what never reaches a log."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import environ
import pytest

from example_project.logs import without_query
from example_project.settings import DATABASES, database, provider, secret

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


def test_the_demo_sends_to_the_local_carrier_and_else_to_the_console() -> None:
    local = provider("http://127.0.0.1:9000")

    assert local["BACKEND"] == "sms_marketing.providers.http.HttpProvider"
    assert local["OPTIONS"]["url"] == "http://127.0.0.1:9000/messages"
    assert local["OPTIONS"]["loopback_only"] is True
    assert provider("")["BACKEND"].endswith("ConsoleProvider")


def test_a_stand_in_for_a_secret_says_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SMS_LINK_KEY", raising=False)
    assert secret("SMS_LINK_KEY") == "insecure-demo-only-sms-link-key"

    monkeypatch.setenv("SMS_LINK_KEY", "mine")
    assert secret("SMS_LINK_KEY") == "mine"


@pytest.mark.processes
def test_without_debug_every_secret_must_be_given() -> None:
    run = [sys.executable, "-c", "import example_project.settings"]
    names = ("SECRET_KEY", "SMS_LINK_KEY", "SMS_LEDGER_KEY")
    bare = {name: value for name, value in os.environ.items() if name not in names}
    bare["DEBUG"] = "0"

    refused = subprocess.run(run, env=bare, capture_output=True, text=True, check=False)
    given = {**bare, **dict.fromkeys(names, "given")}

    assert "Set SECRET_KEY in the environment" in refused.stderr
    assert subprocess.run(run, env=given, check=False).returncode == 0
