"""What the tests of campaigns share."""

from __future__ import annotations

import pytest


def swallow(task: str, *args: object) -> None:
    """A queue whose worker is away: each test calls the worker itself."""


@pytest.fixture
def no_worker(settings) -> None:
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.campaigns.conftest.swallow",
    }
