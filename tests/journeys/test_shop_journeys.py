"""The whole way: the shop saves, the ready-made journeys speak, the carrier gets it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase

from example_project.shop import sms_events
from example_project.shop.checkout import place_order
from example_project.shop.models import OrderStatus
from sms_marketing import contacts, events, journeys, providers, sending
from sms_marketing.models import (
    Enrollment,
    Journey,
    Message,
    Purchase,
    PurchaseStatus,
)
from tests.events.hosts import PHONE, fill_cart
from tests.journeys.paths import ago, make_due

pytestmark = pytest.mark.django_db
committed = TestCase.captureOnCommitCallbacks


@pytest.fixture(autouse=True)
def live(sender: Any) -> None:
    assert sms_events.OrderEvents.phone
    events.connect_bindings()
    for journey in journeys.ensure_ready_made():
        journeys.activate(journey)
    contacts.opt_in(PHONE, method="web_form", wording="Jā, vēlos saņemt SMS.")


@pytest.fixture
def outbox() -> Iterator[list[Any]]:
    """What the carrier took, oldest first."""
    providers.reset()
    yield providers.get_provider("default").outbox
    providers.reset()


def sent(outbox: list[Any]) -> list[str]:
    """What leaves when everybody who works looks once."""
    before = len(outbox)
    with committed(execute=True):
        journeys.process_events()
        journeys.run_due()
        Message.objects.filter(status="queued").update(due_at=ago(seconds=1))
        sending.dispatch(seconds=1)
    return [message.text for message in outbox[before:]]


def fill() -> Any:
    with committed(execute=True):
        return fill_cart()


def buy(cart: Any) -> Any:
    with committed(execute=True):
        return place_order(
            cart, name="Anna Ozola", phone=PHONE, city="Rīga", language="lv"
        )


def test_an_order_is_thanked_for_and_its_shipping_told(outbox) -> None:
    order = buy(fill())

    (thanks,) = sent(outbox)
    assert f"Nr. {order.number}, summa 9.90 EUR. {order.public_url}" in thanks
    assert sent(outbox) == []

    with committed(execute=True):
        order.move_to(OrderStatus.SHIPPED)
    (shipped,) = sent(outbox)
    assert f"Pirkums {order.number} dodas pie Tevis!" in shipped


def test_an_idle_cart_gets_one_reminder(outbox) -> None:
    cart = fill()
    assert sent(outbox) == []
    enrollment = Enrollment.objects.get()
    assert enrollment.due_at == cart.updated_at + timedelta(hours=1)

    make_due()
    (reminder,) = sent(outbox)
    assert f"tavs pirkumu grozs gaida! {cart.public_url}" in reminder

    with committed(execute=True):
        cart.touch()
    sent(outbox)
    make_due()
    assert sent(outbox) == []


def test_a_bought_cart_gets_the_orders_message_only(outbox) -> None:
    cart = fill()
    sent(outbox)
    buy(cart)
    make_due()

    (thanks,) = sent(outbox)

    assert "Paldies par pirkumu!" in thanks


def test_a_cart_emptied_in_the_last_moment_is_not_reminded_of(outbox) -> None:
    cart = fill()
    sent(outbox)
    make_due()
    journeys.run_due()
    assert Message.objects.get().status == "queued"
    cart.lines.all().delete()

    assert sent(outbox) == []
    assert Message.objects.get().skip_reason == "guard_closed"


def test_a_refund_and_a_cancel_correct_the_purchase(outbox) -> None:
    paid, canceled = buy(fill()), buy(fill())
    with committed(execute=True):
        paid.move_to(OrderStatus.PAID)
        paid.refund(paid.total / 2)
        canceled.move_to(OrderStatus.CANCELED)

    first, second = Purchase.objects.order_by("pk")
    assert (first.status, first.net_amount) == (PurchaseStatus.REFUNDED, paid.total / 2)
    assert (second.status, second.net_amount) == (PurchaseStatus.CANCELED, 0)
    assert Journey.objects.filter(status="live").count() == 3
