"""The stage of the stories: shop, live journeys, a carrier that calls back."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from example_project.shop.models import Product
from sms_marketing import journeys, providers
from sms_marketing.models import Brand, Journey, Sender
from tests.stories.people import Carrier, Marketer, Shopper, Staff


@pytest.fixture(autouse=True)
def stage(settings: Any, brand: Brand, sender: Sender) -> None:
    """The brand is open all day and has one two-way number."""
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "PROVIDERS": {"default": {"BACKEND": "tests.stories.people.Carrier"}},
    }
    journeys.ensure_ready_made(brand)
    for journey in Journey.objects.all():
        journeys.activate(journey)


@pytest.fixture(autouse=True)
def nothing_fails_quietly(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """What the library catches, so that no host is hurt, fails a story."""
    yield
    for phase in ("setup", "call"):
        errors = [r for r in caplog.get_records(phase) if r.levelno >= logging.ERROR]
        assert not errors, [record.getMessage() for record in errors]


@pytest.fixture
def carrier(stage: None) -> Iterator[Any]:
    found = providers.get_provider("default")
    assert isinstance(found, Carrier)
    return found


@pytest.fixture
def anna(stage: None) -> Shopper:
    return Shopper("Anna Liepa", "+37120000001")


@pytest.fixture
def juris(stage: None) -> Shopper:
    return Shopper("Juris Ozols", "+37120000002")


@pytest.fixture
def olga(stage: None) -> Shopper:
    return Shopper("Ольга Волкова", "+37120000003", language="ru")


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff()


@pytest.fixture
def marketer(db: None) -> Marketer:
    return Marketer()


@pytest.fixture
def soap(db: None) -> Product:
    return _product("Sea salt soap", "sea-salt-soap", "6.50", "bath")


@pytest.fixture
def mittens(db: None) -> Product:
    return _product("Fisherman's mittens", "fishermans-mittens", "24.50", "wool")


def _product(name: str, slug: str, price: str, category: str) -> Product:
    return Product.objects.create(
        name=name,
        slug=slug,
        price=Decimal(price),
        category=category,
        brand="Kolka",
        drawing="soap",
    )
