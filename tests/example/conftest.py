"""Fixtures of the example shop: a shelf with two products, and a filled basket."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from example_project.shop.catalogue import PRODUCTS
from example_project.shop.models import Cart, Product


@pytest.fixture
def soap(db: None) -> Product:
    return Product.objects.create(
        name="Sea salt soap",
        slug="sea-salt-soap",
        description=PRODUCTS[0][-1],
        price=Decimal("6.50"),
        category="bath",
        brand="Kolka",
        drawing="soap",
    )


@pytest.fixture
def mittens(db: None) -> Product:
    return Product.objects.create(
        name="Fisherman's mittens",
        slug="fishermans-mittens",
        price=Decimal("24.50"),
        category="wool",
        brand="Liv",
        drawing="mittens",
    )


@pytest.fixture
def basket(client: Client, soap: Product) -> Cart:
    """Two soaps, put there by this client."""
    address = reverse("shop:add-to-cart", args=[soap.slug])
    client.post(address, {"quantity": "2"})
    return Cart.objects.get()
