"""Fixtures are nouns: the brand, a sender, a contact, a campaign, the outbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import translation

from sms_marketing.models import Brand, Campaign, Contact, Sender
from sms_marketing.providers import get_provider, reset
from tests import factories


def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Leave tests of two connections to the databases that have them."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        return
    left_out = [item for item in items if item.get_closest_marker("real_database")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def language_of_the_site() -> Iterator[None]:
    """What a request in Latvian leaves in its thread is not the next test's."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture
def brand(db: None) -> Brand:
    return factories.make_brand()


@pytest.fixture
def sender(brand: Brand) -> Sender:
    return factories.make_sender(brand=brand)


@pytest.fixture
def contact(brand: Brand) -> Contact:
    return factories.make_contact()


@pytest.fixture
def campaign(sender: Sender) -> Campaign:
    return factories.make_campaign(sender=sender)


@pytest.fixture
def outbox() -> Iterator[list[object]]:
    """What the locmem provider was given, oldest first."""
    reset()
    yield get_provider("default").outbox
    reset()
