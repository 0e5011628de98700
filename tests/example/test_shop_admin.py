"""The shop's staff: orders move by the table, money goes back within the total."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models.signals import post_save
from django.db.utils import IntegrityError
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from example_project.shop.models import (
    ALLOWED_MOVES,
    Cart,
    Customer,
    Order,
    OrderLine,
    OrderStatus,
    Product,
)

pytestmark = pytest.mark.django_db

ORDERS = "/admin/shop/order/"


@pytest.fixture
def order(db: None) -> Order:
    return make_order()


def make_order(**over: object) -> Order:
    customer = Customer.objects.create(name="Anna Liepa", phone="+37120000001")
    values = {
        "customer": customer,
        "name": customer.name,
        "phone": customer.phone,
        "total": Decimal("20.00"),
        "placed_at": timezone.now(),
        **over,
    }
    return Order.objects.create(**values)


def act(client: Client, action: str, *orders: Order, **data: str) -> HttpResponse:
    chosen = [order.pk for order in orders]
    posted = {"action": action, "_selected_action": chosen, **data}
    return client.post(ORDERS, posted, follow=True)


@pytest.mark.parametrize("now", OrderStatus.values)
@pytest.mark.parametrize("then", OrderStatus.values)
def test_an_order_moves_by_the_table_only(order: Order, now: str, then: str) -> None:
    Order.objects.update(status=now)
    order.refresh_from_db()

    if then in ALLOWED_MOVES[now]:
        order.move_to(then)
    else:
        with pytest.raises(ValidationError):
            order.move_to(then)

    order.refresh_from_db()
    assert order.status == (then if then in ALLOWED_MOVES[now] else now)


@pytest.mark.parametrize(
    ("action", "status"),
    [
        ("mark_paid", "paid"),
        ("mark_shipped", "shipped"),
        ("mark_delivered", "delivered"),
        ("cancel", "canceled"),
    ],
)
def test_staff_moves_several_orders_and_each_is_saved_by_itself(
    admin_client: Client, order: Order, action: str, status: str
) -> None:
    other = make_order()
    saved: list[int] = []

    def note(instance: Order, **kwargs: object) -> None:
        saved.append(instance.pk)

    post_save.connect(note, sender=Order)
    try:
        act(admin_client, action, order, other)
    finally:
        post_save.disconnect(note, sender=Order)

    assert set(Order.objects.values_list("status", flat=True)) == {status}
    assert sorted(saved) == [order.pk, other.pk]


def test_a_refused_move_is_said_and_the_others_go_on(
    admin_client: Client, order: Order
) -> None:
    sent = make_order(status=OrderStatus.SHIPPED)

    html = act(admin_client, "cancel", sent, order).content.decode()

    assert f"Order {sent.number} is “Shipped” and cannot become “Canceled”." in html
    assert "1 order changed." in html
    order.refresh_from_db()
    assert order.status == OrderStatus.CANCELED


def test_a_part_and_then_the_rest_is_refunded(
    admin_client: Client, order: Order
) -> None:
    Order.objects.update(status=OrderStatus.DELIVERED)
    asked = act(admin_client, "refund_part", order)
    assert "Amount to give back" in asked.content.decode()

    act(admin_client, "refund_part", order, amount="7.50")

    order.refresh_from_db()
    assert (order.refunded_amount, order.net_total) == (
        Decimal("7.50"),
        Decimal("12.50"),
    )
    assert order.status == OrderStatus.DELIVERED

    act(admin_client, "refund_whole", order)

    order.refresh_from_db()
    assert (order.refunded_amount, order.status) == (Decimal("20.00"), "refunded")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "much"])
def test_an_amount_that_is_none_is_asked_again(
    admin_client: Client, order: Order, amount: str
) -> None:
    Order.objects.update(status=OrderStatus.PAID)

    html = act(admin_client, "refund_part", order, amount=amount).content.decode()

    assert "errorlist" in html
    order.refresh_from_db()
    assert order.refunded_amount == 0


def test_more_than_was_paid_is_not_given_back(
    admin_client: Client, order: Order
) -> None:
    Order.objects.update(status=OrderStatus.PAID)

    html = act(admin_client, "refund_part", order, amount="20.01").content.decode()

    assert "give back between 0.01 and 20.00" in html
    order.refresh_from_db()
    assert order.refunded_amount == 0


def test_what_was_not_paid_is_not_given_back(
    admin_client: Client, order: Order
) -> None:
    html = act(admin_client, "refund_whole", order).content.decode()

    assert "no payment to give back" in html


def test_the_database_itself_keeps_a_refund_within_the_total(order: Order) -> None:
    with pytest.raises(IntegrityError):
        Order.objects.update(refunded_amount=Decimal("20.01"))


def test_who_may_only_look_cannot_move_orders(
    client: Client, django_user_model: type, order: Order
) -> None:
    looker = django_user_model.objects.create_user("looker", is_staff=True)
    client.force_login(looker)

    act(client, "mark_paid", order)

    order.refresh_from_db()
    assert order.status == OrderStatus.PLACED


def test_staff_gives_up_a_basket_without_making_it_younger(
    admin_client: Client, soap: Product
) -> None:
    cart = Cart.objects.create()
    cart.put(soap)
    cart.refresh_from_db()
    posted = {"action": "give_up", "_selected_action": [cart.pk]}

    admin_client.post("/admin/shop/cart/", posted)

    given_up = Cart.objects.get()
    assert given_up.is_open is False
    assert given_up.updated_at == cart.updated_at


def test_interests_are_ticked(admin_client: Client) -> None:
    customer = Customer.objects.create(name="Anna", phone="2 000 0001", city="Rīga")
    address = f"/admin/shop/customer/{customer.pk}/change/"
    typed = {"name": "Anna", "phone": "2 000 0001", "language": "lv"}

    admin_client.post(address, {**typed, "interests": ["amber", "bath"]})

    customer.refresh_from_db()
    assert customer.interests == ["amber", "bath"]
    assert (customer.first_name, customer.last_name) == ("Anna", "")


@pytest.mark.parametrize("model", ["order", "cart", "customer", "product"])
def test_every_screen_of_the_shop_opens(
    admin_client: Client, order: Order, soap: Product, model: str
) -> None:
    cart = Cart.objects.create(customer=order.customer)
    cart.put(soap)
    line = OrderLine.objects.create(order=order, name=soap.name, price=soap.price)
    assert str(line) == "1 × Sea salt soap"
    rows = {
        "order": order.pk,
        "cart": cart.pk,
        "customer": order.customer_id,
        "product": soap.pk,
    }

    for page in ("", "?q=anna", f"{rows[model]}/change/"):
        response = admin_client.get(f"/admin/shop/{model}/{page}")
        assert response.status_code == 200
        assert "Content-Security-Policy" in response
