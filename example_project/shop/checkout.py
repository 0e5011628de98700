"""A cart becomes an order: one transaction, once."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from example_project.shop.models import (
    Cart,
    CartStatus,
    Customer,
    Order,
    OrderLine,
)


class EmptyCart(Exception):
    """There is nothing to order."""


@transaction.atomic
def place_order(
    cart: Cart, *, name: str, phone: str, city: str, language: str
) -> Order:
    """Sell what is in the cart at today's prices; an ordered cart gives its order.

    The phone is a full number, as `consent.full_phone` gives it. EmptyCart if empty.
    """
    cart = Cart.objects.select_for_update().get(pk=cart.pk)
    if cart.status == CartStatus.ORDERED:
        return cart.order
    lines = list(cart.lines.select_related("product"))
    if not lines:
        raise EmptyCart
    order = Order.objects.create(
        customer=_customer(name=name, phone=phone, city=city, language=language),
        cart=cart,
        name=name,
        phone=phone,
        city=city,
        language=language,
        total=sum(line.amount for line in lines),
        placed_at=timezone.now(),
    )
    OrderLine.objects.bulk_create(
        OrderLine(
            order=order,
            product=line.product,
            name=line.product.name,
            sku=line.product.slug,
            category=line.product.category,
            brand=line.product.brand,
            quantity=line.quantity,
            price=line.product.price,
        )
        for line in lines
    )
    cart.status = CartStatus.ORDERED
    cart.customer = order.customer
    cart.phone = phone
    cart.save()
    return order


def _customer(*, name: str, phone: str, city: str, language: str) -> Customer:
    # Whoever types a known number proves nothing: they may not change that customer's
    # name or language, only fill in what was blank.
    known = Customer.objects.filter(phone=phone).order_by("pk").first()
    if known is None:
        return Customer.objects.create(
            name=name, phone=phone, city=city, language=language
        )
    if not known.city:
        known.city = city
        known.save(update_fields=["city"])
    return known
