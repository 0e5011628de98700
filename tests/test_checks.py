"""`manage.py check` says what is wrong with the settings, and what to write."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import run_checks
from django.db import connections
from django.test import override_settings

GOOD = django_settings.SMS_MARKETING


@pytest.fixture(autouse=True)
def options(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Those of the database, as the go-live page wants them."""
    database = connections["default"].settings_dict
    good = {**database["OPTIONS"], "transaction_mode": "IMMEDIATE"}
    monkeypatch.setitem(database, "OPTIONS", good)
    return good


def found(**over: Any) -> dict[str, Any]:
    with override_settings(SMS_MARKETING={**GOOD, **over}):
        return {m.id.rpartition(".")[2]: m for m in run_checks(tags=["sms_marketing"])}


def test_good_settings_have_no_finding() -> None:
    assert found() == {}


@pytest.mark.parametrize(
    ("code", "over"),
    [
        ("E001", {"PROVIDRS": {}}),
        ("E003", {"LEDGER_KEYS": {}}),
        ("E003", {"LEDGER_KEYS": {"a": "short"}}),
        ("E003", {"LEDGER_KEYS": {"a": None}}),
        ("E004", {"LINK_KEYS": {}}),
        ("E004", {"LINK_KEYS": {7: "x" * 32}}),
        ("E004", {"LINK_KEYS": {0: "short"}}),
        ("E005", {"PROVIDERS": {"default": {"BACKEND": "no.such.Class"}}}),
        ("E005", {"PROVIDERS": {"default": {}}}),
        ("W001", {"PUBLIC_URL": ""}),
        ("W001", {"PUBLIC_URL": "shop.example/sms"}),
    ],
    ids=str,
)
def test_each_fault_is_named_with_what_to_do(code: str, over: dict[str, Any]) -> None:
    messages = found(**over)

    assert list(messages) == [code]
    assert messages[code].hint


def test_a_provider_without_credentials_is_an_error_before_anything_is_sent() -> None:
    spec = {"BACKEND": "sms_marketing.providers.http.HttpProvider", "OPTIONS": {}}

    error = found(PROVIDERS={"default": spec})["E005"]

    assert "url" in error.msg


def test_a_sqlite_that_locks_late_is_a_warning_that_says_what_to_write(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections["default"], "vendor", "sqlite")
    for late in ({}, {"transaction_mode": "DEFERRED"}):
        options.pop("transaction_mode", None)
        options.update(late)

        assert '"transaction_mode": "IMMEDIATE"' in found()["W004"].hint

    options["transaction_mode"] = "exclusive"
    assert found() == {}

    monkeypatch.setattr(connections["default"], "vendor", "postgresql")
    options.clear()
    assert found() == {}


@override_settings(USE_TZ=False)
def test_a_site_without_time_zones_is_refused() -> None:
    assert "E002" in found()


def test_an_absent_or_impatient_queue_is_a_warning() -> None:
    apps = [app for app in django_settings.INSTALLED_APPS if app != "django_q"]
    with override_settings(INSTALLED_APPS=apps):
        assert "W002" in found(QUEUE="django_q")
    for cluster in ({"retry": 60}, {"timeout": 90, "retry": 60}):
        with override_settings(Q_CLUSTER=cluster):
            assert "W003" in found(QUEUE="django_q")
    with override_settings(Q_CLUSTER={"timeout": 60, "retry": 600}):
        assert found(QUEUE="django_q") == {}
