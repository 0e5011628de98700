"""Fixtures are nouns: the brand, a sender, a contact, a campaign, the outbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sms_marketing.models import Brand, Campaign, Contact, Sender
from sms_marketing.providers import get_provider, reset
from tests import factories


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
