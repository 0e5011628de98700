"""No worker runs by itself: each test says who looks when."""

from __future__ import annotations

from typing import Any

import pytest

from sms_marketing.models import Journey
from tests import factories


@pytest.fixture(autouse=True)
def stage(sender: Any, settings: Any) -> None:
    """A brand with a sender, no journeys, a queue that nobody works on."""
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": "tests.events.hosts.no_worker",
    }
    Journey.objects.all().delete()


@pytest.fixture
def other(sender: Any) -> Any:
    return factories.make_contact(first_name="Juris")
