"""Field paths: what they read, and what is said about a wrong one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from example_project.shop.models import Cart, Customer, Order, OrderLine
from sms_marketing.events import paths


@pytest.mark.parametrize(
    ("path", "model", "joins"),
    [
        ("phone", None, ""),
        ("pk", None, ""),
        ("customer", Customer, "customer"),
        ("customer.first_name", None, "customer"),
        ("customer_id", None, ""),
        ("customer__user__email", None, "customer__user"),
        ("lines", OrderLine, ""),
        ("lines__all", OrderLine, ""),
        ("public_url", None, ""),
        ("cart.lines.all", None, "cart"),
    ],
)
def test_a_right_path_leads_to_a_model_or_a_value(path, model, joins) -> None:
    found = paths.walk(Order, path)

    assert found.fault == ""
    assert found.joins == joins
    assert found.model is model or path == "cart.lines.all"


def test_a_wrong_path_names_the_nearest_fields() -> None:
    assert paths.walk(Order, "custmer.phone").fault.startswith(
        "shop.Order has no 'custmer'. Nearest: customer"
    )
    assert (
        "shop.Customer has no 'fone'. Nearest: phone"
        in paths.walk(Order, "customer.fone").fault
    )
    assert paths.walk(Order, "xyzzyqqq").fault == "shop.Order has no 'xyzzyqqq'."


def test_reading_stops_at_an_empty_relation_and_calls_methods() -> None:
    cart = Cart(customer=None)

    assert paths.read(cart, "customer.name") is None
    assert paths.read(SimpleNamespace(name=lambda: "Anna"), "name") == "Anna"


@pytest.mark.django_db
def test_reading_gives_rows_of_a_relation_and_none_for_a_missing_one() -> None:
    cart = Cart.objects.create()

    assert list(paths.read(cart, "lines")) == []
    assert list(paths.read(cart, "lines.all")) == []
    assert paths.read(cart, "order.number") is None
