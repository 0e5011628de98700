"""The example shop is bound; no worker looks at what is recorded."""

from __future__ import annotations

from typing import Any

import pytest

from example_project.shop import sms_events
from sms_marketing import events


@pytest.fixture(autouse=True)
def bound(settings: Any) -> None:
    """What apps.ready does, in case it has not."""
    assert sms_events.OrderEvents.phone
    events.connect_bindings()
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.events.hosts.no_worker",
    }
