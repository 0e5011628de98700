"""Orders and carts of the example shop, saved as its own pages save them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from example_project.shop.models import (
    Cart,
    CartLine,
    Customer,
    Order,
    OrderLine,
    Product,
)

PHONE = "+37129000001"


nudged: list[str] = []


def no_worker(task: str, *args: object) -> None:
    """A queue that nobody works on; it only remembers."""
    nudged.append(task)


def make_customer(**over: Any) -> Customer:
    values = {"name": "Anna Ozola", "phone": PHONE, "city": "Rīga", **over}
    return Customer.objects.create(**values)


def place_order(*, prices: Sequence[str] = ("12.50", "7.40"), **over: Any) -> Order:
    """An order with a line for each price, in one transaction, lines after it."""
    phone = over.get("phone", PHONE)
    customer = over.pop("customer", None) or make_customer(phone=phone)
    values = {
        "customer": customer,
        "phone": phone,
        "language": "lv",
        "total": sum((Decimal(price) for price in prices), Decimal(0)),
        "placed_at": timezone.now(),
        **over,
    }
    with transaction.atomic():
        order = Order.objects.create(**values)
        OrderLine.objects.bulk_create(
            OrderLine(
                order=order,
                name=f"Product {number}",
                sku=f"p-{number}",
                category="bath",
                brand="Vējš",
                price=Decimal(price),
            )
            for number, price in enumerate(prices)
        )
    return order


def fill_cart(*, price: str = "9.90", **over: Any) -> Cart:
    """An open cart with one product in it."""
    product = Product.objects.create(
        name="Soap", slug=f"soap-{Product.objects.count()}", price=Decimal(price)
    )
    with transaction.atomic():
        cart = Cart.objects.create(**{"phone": PHONE, "language": "lv", **over})
        CartLine.objects.create(cart=cart, product=product)
    return cart
