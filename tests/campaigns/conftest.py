"""What the tests of campaigns share."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture
def two_connections() -> None:
    """SQLite has one writer, and in memory one connection."""
    if connection.vendor == "sqlite":
        pytest.skip("needs two real connections")


def swallow(task: str, *args: object) -> None:
    """A queue whose worker is away: each test calls the worker itself."""


@pytest.fixture
def no_worker(settings) -> None:
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.campaigns.conftest.swallow",
    }
