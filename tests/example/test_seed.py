"""The demo's rows are the same each time, and their numbers can be simulated."""

from __future__ import annotations

from datetime import date

import phonenumbers
import pytest

from example_project.seed import past_orders, phone_of, seed
from example_project.shop.models import Customer, Order, OrderLine, Product

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)


def picture() -> list[object]:
    """All that was seeded, without the random tokens."""
    return [
        list(Product.objects.order_by("slug").values_list("slug", "price")),
        list(
            Customer.objects.order_by("phone").values_list(
                "name", "phone", "city", "birth_date", "language", "interests"
            )
        ),
        list(
            Order.objects.order_by("number").values_list(
                "number", "total", "status", "placed_at", "customer__phone"
            )
        ),
        list(
            OrderLine.objects.order_by("order__number", "sku").values_list(
                "order__number", "sku", "quantity"
            )
        ),
    ]


def test_the_same_seed_gives_the_same_shop() -> None:
    seed(contacts=60, today=TODAY)
    first = picture()
    for model in (OrderLine, Order, Customer, Product):
        model.objects.all().delete()

    seed(contacts=60, today=TODAY)

    assert picture() == first
    assert len(first[0]) == 12


def test_a_second_run_adds_only_what_is_missing() -> None:
    first = seed(contacts=30, today=TODAY)
    before = picture()

    again = seed(contacts=30, today=TODAY)

    assert (again.new_customers, again.new_orders) == (0, 0)
    assert (again.customers, again.orders) == (first.customers, first.orders)
    assert picture() == before
    assert seed(contacts=40, today=TODAY).new_customers == 10


def test_another_seed_gives_other_people() -> None:
    seed(contacts=30, seed=1, today=TODAY)
    first = picture()
    for model in (OrderLine, Order, Customer):
        model.objects.all().delete()

    seed(contacts=30, seed=2, today=TODAY)

    assert picture() != first


def test_numbers_are_valid_latvian_mobiles_and_differ() -> None:
    numbers = [phone_of(place) for place in range(5_000)]

    assert len(set(numbers)) == 5_000
    mobile = phonenumbers.PhoneNumberType.MOBILE
    for number in numbers[::50]:
        parsed = phonenumbers.parse(number)
        assert phonenumbers.number_type(parsed) == mobile


def test_past_orders_add_up_and_are_past() -> None:
    seed(contacts=90, today=TODAY)

    orders = list(past_orders())

    assert len(orders) == Order.objects.count() >= 30
    for order in orders:
        assert order.total == sum(line.amount for line in order.lines.all())
        assert order.placed_at.date() < TODAY
