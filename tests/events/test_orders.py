"""Saving an order of the example shop is all that a host does."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from example_project.shop.models import Order, OrderLine, OrderStatus
from example_project.shop.sms_events import OrderEvents
from sms_marketing import contacts, events, signals
from sms_marketing.core import clock
from sms_marketing.events.orders import status_event
from sms_marketing.models import (
    Contact,
    Event,
    Purchase,
    PurchaseLine,
    PurchaseStatus,
)
from tests import factories
from tests.events.hosts import PHONE, make_customer, place_order

pytestmark = pytest.mark.django_db
committed = TestCase.captureOnCommitCallbacks


@pytest.fixture(autouse=True)
def _brand(brand) -> None:
    """Every test has the default brand."""


@pytest.fixture
def order() -> Order:
    with committed(execute=True):
        return place_order()


class FromReplica(OrderEvents):
    """As Django reads related rows where a router sends reads to a replica."""

    def lines(self, order):
        return OrderLine.objects.using("replica").filter(order=order)


def test_lines_are_never_read_from_a_replica(order) -> None:
    PurchaseLine.objects.all().delete()

    FromReplica(Order).record(order)

    assert PurchaseLine.objects.count() == 2


def save(order: Order, **changes: object) -> None:
    with committed(execute=True):
        for name, value in changes.items():
            setattr(order, name, value)
        order.save()


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_a_saved_order_is_a_contact_a_purchase_with_lines_and_an_event(order) -> None:
    contact = Contact.objects.get(phone=PHONE)
    purchase = Purchase.objects.get()
    event = Event.objects.get()

    assert (contact.first_name, contact.city, contact.language) == (
        "Anna",
        "Rīga",
        "lv",
    )
    assert contact.identities.get().source == "shop.Customer"
    assert purchase.contact == contact
    assert (purchase.source, purchase.external_id) == ("shop.Order", str(order.pk))
    assert purchase.net_amount == Decimal("19.90")
    assert purchase.number == order.number
    assert [line.product_id for line in purchase.lines.order_by("pk")] == ["p-0", "p-1"]
    assert purchase.lines.first().category_key == "bath"
    assert (event.name, event.contact) == ("order_placed", contact)
    assert event.object_label == "shop.Order"
    assert event.occurred_at == order.placed_at
    assert event.properties == {
        "id": str(order.pk),
        "number": order.number,
        "status": "placed",
        "total": "19.90",
        "currency": "EUR",
        "url": order.public_url,
        "product": "Product 0",
        "first_name": "Anna",
    }


def test_nothing_is_recorded_before_the_commit_or_after_a_roll_back() -> None:
    with committed(execute=True), transaction.atomic():
        place_order()
        transaction.set_rollback(True)

    assert not Event.objects.exists()
    assert not Contact.objects.exists()


def test_saving_again_changes_nothing(order) -> None:
    line_ids = set(PurchaseLine.objects.values_list("pk", flat=True))

    save(order)
    events.record(order)

    assert names() == ["order_placed"]
    assert Purchase.objects.count() == 1
    assert set(PurchaseLine.objects.values_list("pk", flat=True)) == line_ids


def test_changed_lines_and_total_replace_the_old_ones(order) -> None:
    order.lines.first().delete()
    save(order, total=Decimal("7.40"))

    purchase = Purchase.objects.get()
    assert purchase.net_amount == Decimal("7.40")
    assert [line.amount for line in purchase.lines.all()] == [Decimal("7.40")]


def test_each_status_is_told_once(order) -> None:
    save(order, status=OrderStatus.PAID)
    save(order)
    save(order, status=OrderStatus.SHIPPED)

    assert names() == [
        "order_placed",
        "order_paid",
        "order_status_changed",
        "order_shipped",
        "order_status_changed",
    ]
    assert Event.objects.get(name="order_shipped").properties["status"] == "shipped"


def test_partial_refund_whole_refund_and_cancel_correct_the_money(order) -> None:
    heard: list[Decimal] = []

    def listen(*, purchase, **kwargs: object) -> None:
        heard.append(purchase.net_amount)

    save(order, status=OrderStatus.PAID)
    purchase = Purchase.objects.get()
    signals.purchase_corrected.connect(listen)
    try:
        save(order, refunded_amount=Decimal("0.10"))
        save(order, refunded_amount=Decimal("0.20"))
        purchase.refresh_from_db()
        assert purchase.net_amount == Decimal("19.70")
        assert purchase.status == PurchaseStatus.REFUNDED

        save(order, refunded_amount=Decimal("19.90"), status=OrderStatus.REFUNDED)
        purchase.refresh_from_db()
        assert purchase.net_amount == 0

        save(order, status=OrderStatus.CANCELED, refunded_amount=Decimal(0))
    finally:
        signals.purchase_corrected.disconnect(listen)

    purchase.refresh_from_db()
    assert purchase.status == PurchaseStatus.CANCELED
    assert purchase.net_amount == 0
    assert purchase.amount == Decimal("19.90")
    assert heard == [Decimal("19.80"), Decimal("19.70"), 0, 0]


def test_unusable_number_keeps_purchase_and_event_without_a_contact() -> None:
    with committed(execute=True):
        place_order(phone="no number at all")

    assert Purchase.objects.get().contact is None
    assert Event.objects.get().contact is None
    assert not Contact.objects.exists()


def test_a_number_mended_later_finds_its_purchase(order) -> None:
    with committed(execute=True):
        broken = place_order(phone="?", customer=make_customer(phone="?"))
    save(broken, phone="+37129000077")

    purchase = Purchase.objects.get(external_id=str(broken.pk))
    assert purchase.contact.phone == "+37129000077"
    assert set(purchase.lines.values_list("contact", flat=True)) == {
        purchase.contact_id
    }

    save(broken, phone="?")
    purchase.refresh_from_db()
    assert purchase.contact is not None


def test_the_number_of_queries_does_not_grow_with_the_lines() -> None:
    def count(lines: int) -> int:
        customer = make_customer(phone=factories.next_phone())
        with committed() as callbacks:
            place_order(
                customer=customer, phone=customer.phone, prices=["1.00"] * lines
            )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            for callback in callbacks:
                callback()
        return len(queries)

    assert count(1) == count(60) < 45


def test_an_error_stays_out_of_the_host_and_of_its_log(caplog, monkeypatch) -> None:
    binding = events.registry.get("shop.Order")

    def fail(obj: object, **kwargs: object) -> None:
        raise ValueError(f"bad row {PHONE}")

    monkeypatch.setattr(binding, "record", fail)
    with caplog.at_level(logging.ERROR), committed(execute=True):
        order = place_order()

    assert Order.objects.filter(pk=order.pk).exists()
    assert f"shop.Order {order.pk} was not recorded: ValueError at" in caplog.text
    assert PHONE not in caplog.text


def test_another_currency_without_a_rate_makes_no_purchase_but_the_event(
    caplog,
) -> None:
    with caplog.at_level(logging.ERROR), committed(execute=True):
        order = place_order(currency="USD")

    assert not Purchase.objects.exists()
    assert names() == ["order_placed"]
    assert f"shop.Order {order.pk}: no purchase" in caplog.text
    assert "def rate(self, obj)" in caplog.text


def test_another_currency_is_counted_at_the_hosts_rate(monkeypatch) -> None:
    binding = events.registry.get("shop.Order")
    monkeypatch.setattr(binding, "rate", lambda obj: Decimal("0.91234567"))
    with committed(execute=True):
        order = place_order(currency="USD")

    purchase = Purchase.objects.get()
    assert purchase.amount == Decimal("19.90")
    assert purchase.net_amount == Decimal("18.155679")
    assert purchase.rate_on == order.placed_at.date()


def test_an_order_first_seen_canceled_is_not_thanked_for() -> None:
    with committed(execute=True):
        place_order(status=OrderStatus.CANCELED)

    assert names() == []
    assert not Purchase.objects.exists()


def test_an_order_counts_from_its_placed_statuses_on(monkeypatch) -> None:
    binding = events.registry.get("shop.Order")
    monkeypatch.setattr(binding, "placed_statuses", {OrderStatus.PAID})
    with committed(execute=True):
        order = place_order()
    assert names() == []

    save(order, status=OrderStatus.PAID)
    assert names() == ["order_placed", "order_paid"]

    save(order, status=OrderStatus.CANCELED)
    assert Purchase.objects.get().status == PurchaseStatus.CANCELED
    assert names()[2:] == ["order_canceled", "order_status_changed"]


def test_an_order_without_a_moment_keeps_that_of_its_first_sight(monkeypatch) -> None:
    binding = events.registry.get("shop.Order")
    monkeypatch.setattr(binding, "placed_at", "")
    with committed(execute=True):
        order = place_order()
    first = Purchase.objects.get().placed_at
    save(order, total=Decimal(5))

    assert Purchase.objects.get().placed_at == first


def test_a_host_without_lines_names_what_was_bought(monkeypatch) -> None:
    binding = events.registry.get("shop.Order")
    monkeypatch.setattr(binding, "lines", "")
    monkeypatch.setattr(binding, "product", lambda order: "Bath towel")
    with committed(execute=True):
        place_order()

    assert not PurchaseLine.objects.exists()
    assert Event.objects.get().properties["product"] == "Bath towel"


def test_lines_may_be_plain_objects_without_a_quantity(monkeypatch) -> None:
    binding = events.registry.get("shop.Order")
    monkeypatch.setattr(binding, "lines", lambda order: list(order.lines.all())[:1])
    monkeypatch.setattr(binding, "line_quantity", "")
    with committed(execute=True):
        place_order()

    assert PurchaseLine.objects.get().quantity == 1


def test_an_order_first_seen_late_tells_old_news() -> None:
    long_ago = clock.now() - timedelta(days=400)
    with committed(execute=True):
        place_order(placed_at=long_ago, status=OrderStatus.SHIPPED)

    assert set(Event.objects.values_list("name", "occurred_at")) == {
        ("order_placed", long_ago),
        ("order_shipped", long_ago),
    }


def test_a_backfill_starts_no_journey_and_tells_nobody() -> None:
    heard: list[object] = []

    def listen(**facts: object) -> None:
        heard.append(facts)

    with committed(execute=False):
        order = place_order()
    signals.event_tracked.connect(listen)
    signals.order_placed.connect(listen)
    try:
        events.record(order, starts_journeys=False)
    finally:
        signals.event_tracked.disconnect(listen)
        signals.order_placed.disconnect(listen)

    assert Event.objects.get().processed_at is not None
    assert Purchase.objects.count() == 1
    assert heard == []


def test_order_placed_is_told_to_the_host_once() -> None:
    heard: list[tuple[object, object]] = []

    def listen(*, purchase, event, **kwargs: object) -> None:
        heard.append((purchase, event))

    signals.order_placed.connect(listen)
    try:
        with committed(execute=True):
            order = place_order()
        save(order)
    finally:
        signals.order_placed.disconnect(listen)

    assert heard == [(Purchase.objects.get(), Event.objects.get())]


def test_an_order_gone_by_the_commit_is_nothing() -> None:
    with committed(execute=True):
        order = place_order()
        order.lines.all().delete()
        order.delete()

    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("status", "name"),
    [
        ("Shipped", "order_shipped"),
        ("In delivery", "order_in_delivery"),
        ("", ""),
        ("✓", ""),
        ("Nosūtīts!", "order_nosūtīts"),
    ],
)
def test_statuses_have_events(status: str, name: str) -> None:
    assert status_event(status) == name


class OfTheProfile(OrderEvents):
    """A shop that asks for the number once, in the customer's profile."""

    phone = "customer.phone"


def test_a_buyer_with_two_numbers_keeps_the_consent_for_each(brand) -> None:
    customer = make_customer()
    for phone in (PHONE, "+37129000002"):
        save(place_order(customer=customer, phone=phone))
        contacts.opt_in(phone, method="web_form", wording="Jā")
    save(place_order(customer=customer, phone=PHONE))

    assert Contact.objects.count() == 2
    for contact in Contact.objects.all():
        assert contacts.consent_status(contact, brand=brand) == "opted_in"


def test_a_number_changed_in_the_profile_is_the_same_buyers_without_consent(
    brand,
) -> None:
    customer = make_customer()
    binding = OfTheProfile(Order)
    binding.record(place_order(customer=customer))
    contacts.opt_in(PHONE, method="web_form", wording="Jā")

    customer.phone = "+37129000002"
    customer.save()
    binding.record(place_order(customer=customer))

    contact = Contact.objects.get()
    assert contact.phone == "+37129000002"
    assert contacts.consent_status(contact, brand=brand) == "unknown"
