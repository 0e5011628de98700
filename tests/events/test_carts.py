"""A cart that is touched is news; whether it is still open is asked live."""

from __future__ import annotations

import pytest
from django.test import TestCase, override_settings

from example_project.shop.models import Cart, CartStatus
from sms_marketing import events
from sms_marketing.models import Contact, Event
from tests.events.hosts import PHONE, fill_cart, make_customer

pytestmark = pytest.mark.django_db
committed = TestCase.captureOnCommitCallbacks


@pytest.fixture(autouse=True)
def _brand(brand) -> None:
    """Every test has the default brand."""


def test_each_touch_of_an_open_cart_is_an_event_with_its_merge_fields() -> None:
    with committed(execute=True):
        cart = fill_cart(customer=make_customer())
    with committed(execute=True):
        cart.touch()

    first, second = Event.objects.order_by("id")
    assert {first.name, second.name} == {"cart_updated"}
    assert (first.object_label, first.object_id) == ("shop.Cart", str(cart.pk))
    assert first.contact == Contact.objects.get(phone=PHONE)
    assert second.occurred_at == cart.updated_at
    assert second.properties == {
        "id": str(cart.pk),
        "total": "9.90",
        "currency": "EUR",
        "url": cart.public_url,
        "product": "Soap",
        "first_name": "Anna",
    }


def test_recording_the_same_touch_twice_is_one_event() -> None:
    with committed(execute=True):
        cart = fill_cart()

    events.record(cart)

    assert Event.objects.count() == 1


class Replicas:
    """Reads go to a database that there is not, so that a test sees them."""

    def db_for_read(self, model, **hints):
        return "replica" if model._meta.app_label == "shop" else None

    def db_for_write(self, model, **hints):
        return "default"


def test_the_last_word_on_a_cart_is_never_a_replicas() -> None:
    cart = fill_cart()

    with override_settings(DATABASE_ROUTERS=[f"{__name__}.Replicas"]):
        still_open = events.get_guard("shop.Cart.open").open_ids([str(cart.pk)])

    assert still_open == {str(cart.pk)}


def test_an_anonymous_cart_leaves_no_trace() -> None:
    with committed(execute=True):
        fill_cart(phone="")

    assert not Event.objects.exists()
    assert not Contact.objects.exists()


def test_a_cart_with_an_unusable_number_is_an_event_of_nobody() -> None:
    with committed(execute=True):
        fill_cart(phone="call me")

    assert Event.objects.get().contact is None


@pytest.mark.parametrize("status", [CartStatus.ORDERED, CartStatus.ABANDONED])
def test_a_closed_cart_is_no_news(status: str) -> None:
    with committed(execute=True):
        fill_cart(status=status)

    assert not Event.objects.exists()


def test_the_guard_tells_open_carts_in_one_query(django_assert_num_queries) -> None:
    open_cart, empty = fill_cart(), Cart.objects.create(phone=PHONE)
    closed = fill_cart(status=CartStatus.ORDERED)
    guard = events.get_guard("shop.Cart.open")

    with django_assert_num_queries(1):
        found = guard.open_ids(
            [str(open_cart.pk), str(empty.pk), str(closed.pk), "999999", "no key"]
        )

    assert found == {str(open_cart.pk)}


def test_the_guard_asks_nothing_about_ids_that_can_be_none(
    django_assert_num_queries,
) -> None:
    with django_assert_num_queries(0):
        assert events.get_guard("shop.Cart.open").open_ids(["x", ""]) == set()
