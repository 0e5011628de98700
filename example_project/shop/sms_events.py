"""The whole integration: where the library finds what it needs of orders and carts."""

from __future__ import annotations

from typing import ClassVar

from example_project.shop.models import Cart, CartStatus, Order, OrderStatus
from sms_marketing.events import CartBinding, ModelBinding, register


@register(Order)
class OrderEvents(ModelBinding):
    """An order saved is a purchase, and its status is news for the buyer."""

    phone = "phone"
    first_name = "customer.first_name"
    last_name = "customer.last_name"
    email = "customer.email"
    city = "customer.city"
    language = "language"
    birth_date = "customer.birth_date"
    interests = "customer.interests"
    customer_id = "customer.pk"
    number = "number"
    status = "status"
    total = "total"
    currency = "currency"
    placed_at = "placed_at"
    refunded = "refunded_amount"
    url = "public_url"
    product = "first_product_name"
    lines = "lines__all"
    line_product_id = "sku"
    line_product_name = "name"
    line_category = "category"
    line_brand = "brand"
    line_quantity = "quantity"
    line_amount = "amount"
    canceled_statuses = (OrderStatus.CANCELED,)


@register(Cart)
class CartEvents(CartBinding):
    """A cart with a number that lies idle gets one reminder, if it is still open."""

    phone = "phone"
    first_name = "customer.first_name"
    language = "language"
    customer_id = "customer.pk"
    updated_at = "updated_at"
    total = "total"
    currency = "currency"
    url = "public_url"
    product = "first_product_name"
    # An emptied cart is nothing to be reminded of.
    open_filter: ClassVar = {"status": CartStatus.OPEN, "lines__isnull": False}
