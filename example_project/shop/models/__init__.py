"""The shop's own tables: what any small shop has, and nothing made for the library."""

from __future__ import annotations

from example_project.shop.models.carts import Cart, CartLine, CartStatus, new_token
from example_project.shop.models.customers import Customer
from example_project.shop.models.goods import CURRENCY, Category, Product
from example_project.shop.models.orders import (
    ALLOWED_MOVES,
    Order,
    OrderLine,
    OrderStatus,
    new_order_number,
)

__all__ = [
    "ALLOWED_MOVES",
    "CURRENCY",
    "Cart",
    "CartLine",
    "CartStatus",
    "Category",
    "Customer",
    "Order",
    "OrderLine",
    "OrderStatus",
    "Product",
    "new_order_number",
    "new_token",
]
