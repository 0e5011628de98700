"""What each page of the shop shows in its head: departments and the basket's count."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import HttpRequest

from example_project.shop.models import CartLine, CartStatus, Category


def shop(request: HttpRequest) -> dict[str, Any]:
    """Lazy: pages that show no head, as the admin's, cost no query."""
    return {
        "categories": Category.choices,
        "cart_count": lambda: _cart_count(request),
    }


def _cart_count(request: HttpRequest) -> int:
    cart_id = request.session.get("cart")
    if cart_id is None:
        return 0
    lines = CartLine.objects.filter(cart=cart_id).exclude(
        cart__status=CartStatus.ORDERED
    )
    return lines.aggregate(pieces=Sum("quantity"))["pieces"] or 0
