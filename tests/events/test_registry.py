"""Bindings are checked as they are registered, in words that say what to write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DatabaseError, OperationalError
from django.db.models.signals import post_save
from django.test import TestCase

from example_project.shop.models import Customer, Order, Product
from sms_marketing import events
from sms_marketing.events import CartBinding, ModelBinding, register
from sms_marketing.events.registry import _record_saved, on_saved
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import Brand, Event


@pytest.fixture
def forgotten() -> Iterator[None]:
    """What a test binds is unbound after it."""
    yield
    for label in ("shop.Product", "shop.Customer"):
        post_save.disconnect(
            sender={"shop.Product": Product, "shop.Customer": Customer}[label],
            dispatch_uid=f"sms_marketing.{label}",
        )
        events.remove_binding(label)


def test_a_wrong_path_is_named_with_its_nearest_field() -> None:
    with pytest.raises(ConfigurationError) as caught:

        @register(Product)
        class ProductEvents(ModelBinding):
            phone = "fone"
            total = "prise"
            lines = "cartline_set"
            line_amount = "ammount"

    assert str(caught.value).startswith("ProductEvents for shop.Product: phone = ")
    assert "total = \"prise\": shop.Product has no 'prise'. Nearest: price" in str(
        caught.value
    )
    assert "line_amount = \"ammount\": shop.CartLine has no 'ammount'." in str(
        caught.value
    )
    assert "shop.Product" not in events.registry


def test_what_must_be_set_is_asked_for() -> None:
    with pytest.raises(ConfigurationError, match=r"phone is not set. total is not set"):

        @register(Product)
        class ProductEvents(ModelBinding):
            pass

    with pytest.raises(ConfigurationError, match="open_filter is not set"):

        @register(Product)
        class ProductCarts(CartBinding):
            phone = "name"


def test_a_model_is_bound_once() -> None:
    with pytest.raises(ConfigurationError, match="is registered twice"):

        @register(Order)
        class Again(ModelBinding):
            phone = "phone"
            total = "total"


def test_a_cart_binding_brings_its_guard_and_takes_it_along(forgotten) -> None:
    @register(Product)
    class ProductCarts(CartBinding):
        def phone(self, product: Product) -> str:
            return product.name

        def open_ids(self, ids) -> set[str]:
            return set(ids)

    assert events.get_guard("shop.Product.open").open_ids(["1", "x"]) == {"1"}
    events.remove_binding("shop.Product")
    with pytest.raises(ConfigurationError, match="There is no guard"):
        events.get_guard("shop.Product.open")


@pytest.mark.django_db
def test_a_guard_of_a_hosts_own_gives_text_ids() -> None:
    events.register_guard("test.odd", lambda ids: [int(item) for item in ids])
    try:
        assert events.get_guard("test.odd").open_ids(["1"]) == {"1"}
    finally:
        events.guards.remove("test.odd")


@pytest.mark.django_db
def test_a_binding_speaks_for_its_brand_and_names_its_customers(forgotten) -> None:
    other = Brand.objects.create(name="Other", code="other", region="LT")

    @register(Customer)
    class CustomerOrders(ModelBinding):
        phone = "phone"
        brand_code = "other"
        source = "legacy"

        def customer_id(self, customer: Customer) -> str:
            return customer.email

        def total(self, customer: Customer) -> int:
            return 5

    customer = Customer.objects.create(name="Jonas", phone="061234567", email="a@b.c")
    events.record(customer)

    event = Event.objects.get()
    contact = event.contact
    assert contact.phone == "+37061234567"
    assert contact.purchases.get().brand == other
    assert contact.purchases.get().source == "legacy"
    assert str(contact.identities.get()) == "legacy.customer:a@b.c"


@pytest.mark.django_db
def test_a_buyer_known_by_a_plain_field_has_a_source_of_the_orders(
    forgotten, brand
) -> None:
    @register(Customer)
    class CustomerOrders(ModelBinding):
        phone = "phone"
        total = "pk"
        customer_id = "email"

    events.record(Customer.objects.create(phone="+37129000009", email="a@b.c"))

    identity = Event.objects.get().contact.identities.get()
    assert str(identity) == "shop.Customer.customer:a@b.c"


@pytest.mark.django_db
def test_the_customers_table_can_be_named(forgotten, brand) -> None:
    @register(Customer)
    class CustomerOrders(ModelBinding):
        phone = "phone"
        total = "pk"
        customer_id = "pk"
        customer_source = "crm"

    customer = Customer.objects.create(name="A", phone="+37129000009")
    events.record(customer)

    assert Event.objects.get().contact.identities.get().source == "crm"


@pytest.mark.django_db
def test_a_fixture_tells_of_nothing_and_an_unbound_model_neither(brand) -> None:
    with TestCase.captureOnCommitCallbacks() as callbacks:
        on_saved(sender=Order, instance=Order(), using="default", raw=True)
    assert callbacks == []

    with TestCase.captureOnCommitCallbacks(execute=True):
        on_saved(sender=Product, instance=Product(pk=1), using="default", raw=False)
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_our_own_errors_are_logged_in_full_and_foreign_ones_by_place(
    caplog, monkeypatch
) -> None:
    binding = events.registry.get("shop.Order")
    order = Order(pk=5)
    monkeypatch.setattr(binding, "fetch", lambda pk, using: order)

    def no_key(obj: object) -> None:
        raise ConfigurationError("LEDGER_KEYS is empty")

    monkeypatch.setattr(binding, "record", no_key)
    _record_saved("shop.Order", 5, "default")

    def broken(obj: object) -> None:
        raise DatabaseError("Key (phone)=(+37129000001) exists")

    monkeypatch.setattr(binding, "record", broken)
    _record_saved("shop.Order", 6, "default")

    assert "shop.Order 5 was not recorded: LEDGER_KEYS is empty" in caplog.text
    assert "shop.Order 6 was not recorded: DatabaseError at" in caplog.text
    assert "+371" not in caplog.text


@pytest.mark.django_db
def test_what_is_not_recorded_again_says_what_to_do(caplog, monkeypatch) -> None:
    binding = events.registry.get("shop.Order")

    def broken(pk: object, using: str) -> None:
        raise DatabaseError("Key (phone)=(+37129000001) exists")

    monkeypatch.setattr(binding, "fetch", broken)
    events.record_by_key("shop.Order", "7", "default")
    events.record_by_key("shop.Unbound", "7", "default")

    assert caplog.text.count("was not recorded") == 1
    assert "shop.Order 7 was not recorded" in caplog.text
    assert "call sms_marketing.events.record(obj)" in caplog.text
    assert "+371" not in caplog.text


@pytest.mark.django_db
def test_an_order_that_a_busy_database_refused_is_left_to_a_worker(
    caplog, monkeypatch, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SMS_MARKETING = {**settings.SMS_MARKETING, "QUEUE": f"{__name__}.keep"}
    kept.clear()
    binding = events.registry.get("shop.Order")

    def refused(pk: object, using: str) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(binding, "fetch", refused)
    with django_capture_on_commit_callbacks(execute=True):
        _record_saved("shop.Order", 5, "default")

    assert kept == [("record", "shop.Order", "5", "default")]
    assert "shop.Order 5 was not recorded: OperationalError at" in caplog.text


kept: list[tuple[object, ...]] = []


def keep(*call: object) -> None:
    kept.append(call)
