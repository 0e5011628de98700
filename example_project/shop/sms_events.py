"""The whole integration: where the library finds what it needs of orders and carts."""

from __future__ import annotations

from collections.abc import Iterable

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
    lines = "lines__all"
    line_product_id = "sku"
    line_product_name = "name"
    line_category = "category"
    line_brand = "brand"
    line_quantity = "quantity"
    line_amount = "amount"
    placed_statuses = set(OrderStatus.values) - {OrderStatus.CANCELED}
    canceled_statuses = {OrderStatus.CANCELED}


@register(Cart)
class CartEvents(CartBinding):
    """A cart with a number that lies idle gets one reminder, if it is still open."""

    phone = "phone"
    language = "language"
    customer_id = "customer.pk"
    total = "total"
    currency = "currency"
    url = "public_url"
    product = "first_product_name"

    def open_ids(self, ids: Iterable[str]) -> set[str]:
        carts = Cart.objects.filter(pk__in=ids, status=CartStatus.OPEN)
        filled = carts.filter(lines__isnull=False).distinct()
        return {str(pk) for pk in filled.values_list("pk", flat=True)}
