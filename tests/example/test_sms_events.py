"""The shop's one file of integration: its orders and carts as the library sees them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks

from example_project.shop import sms_events
from example_project.shop.checkout import place_order
from example_project.shop.models import Cart, CartStatus, Order, Product
from sms_marketing.events import get_guard, registry
from sms_marketing.models import Contact, Event, Purchase, PurchaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def cart(soap: Product, mittens: Product) -> Cart:
    """One soap and one pair of mittens, of somebody with a number."""
    cart = Cart.objects.create(phone="2000 0001", language="lv")
    cart.put(soap)
    cart.put(mittens)
    return cart


@pytest.fixture
def order(
    cart: Cart, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> Order:
    with django_capture_on_commit_callbacks(execute=True):
        return place_order(
            cart, name="Anna Liepa", phone="+37120000001", city="Rīga", language="lv"
        )


def test_the_whole_integration_is_under_60_lines() -> None:
    assert len(Path(sms_events.__file__).read_text().splitlines()) < 60


@pytest.mark.parametrize("model", [Order, Cart])
def test_every_path_of_the_bindings_leads_somewhere(
    model: type[Order] | type[Cart],
) -> None:
    assert list(registry.get(model._meta.label).faults()) == []


def test_an_order_is_a_purchase_with_its_buyer(order: Order) -> None:
    purchase = Purchase.objects.get()
    contact = Contact.objects.get()

    assert (purchase.number, purchase.amount) == (order.number, Decimal("31.00"))
    assert purchase.contact == contact
    assert {line.product_id: line.amount for line in purchase.lines.all()} == {
        "sea-salt-soap": Decimal("6.50"),
        "fishermans-mittens": Decimal("24.50"),
    }
    assert (contact.phone, contact.full_name) == ("+37120000001", "Anna Liepa")
    placed = Event.objects.get(name="order_placed").properties
    assert placed["url"] == order.public_url
    # In the buyer's language, whatever the page's was.
    assert placed["product"] == "Jūras sāls ziepes"


def test_refund_and_cancel_correct_the_purchase(
    order: Order, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        order.move_to("paid")
        order.refund(Decimal("6.50"))
    assert Purchase.objects.get().net_amount == Decimal("24.50")

    with django_capture_on_commit_callbacks(execute=True):
        order.move_to("canceled")
    purchase = Purchase.objects.get()
    assert (purchase.status, purchase.net_amount) == (PurchaseStatus.CANCELED, 0)
    assert Event.objects.filter(name="order_canceled").count() == 1


def test_a_touched_cart_is_news_and_open_until_it_is_ordered(
    cart: Cart, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        cart.touch()
    seen = Event.objects.get(name="cart_updated")
    assert seen.object_id == str(cart.pk)
    assert seen.properties["product"] == "Jūras sāls ziepes"
    assert seen.properties["url"] == cart.public_url

    guard = get_guard("shop.Cart.open")
    emptied = Cart.objects.create(phone="2000 0001")
    asked = [str(cart.pk), str(emptied.pk)]
    assert guard.open_ids(asked) == {str(cart.pk)}

    Cart.objects.update(status=CartStatus.ORDERED)
    assert guard.open_ids(asked) == set()
