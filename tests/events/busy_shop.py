"""A program: two tills and a busy worker on one plain SQLite file; prints the count."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time

import django
from django.core.management import call_command
from django.test import override_settings

django.setup()

from django.conf import settings  # noqa: E402
from django.db import OperationalError, connection, transaction  # noqa: E402

from example_project.shop.models import Order  # noqa: E402
from example_project.shop.sms_events import OrderEvents  # noqa: E402
from sms_marketing.events import track  # noqa: E402
from sms_marketing.models import Event, Purchase  # noqa: E402
from tests.events.hosts import place_order  # noqa: E402
from tests.factories import make_brand  # noqa: E402
from tests.races import at_once  # noqa: E402

ORDERS_OF_A_TILL = 25


def main() -> None:
    """Save the orders while the worker writes, and tell what is there after."""
    logging.basicConfig(stream=sys.stderr)
    call_command("migrate", verbosity=0)
    make_brand()
    OrderEvents.first_name = slow_name
    calm = {**settings.SMS_MARKETING, "QUEUE": "tests.events.hosts.no_worker"}
    closed = [threading.Event(), threading.Event()]
    with override_settings(SMS_MARKETING=calm):
        at_once(*(lambda c=c: sell(c) for c in closed), lambda: process(closed))
    told = {
        "mode": connection.settings_dict["OPTIONS"].get("transaction_mode"),
        "orders": Order.objects.count(),
        "purchases": Purchase.objects.count(),
        "tracked": Event.objects.filter(name="looked").count(),
        "events": Event.objects.filter(name="order_placed").count(),
    }
    sys.stdout.write(json.dumps(told))


def slow_name(binding: object, order: Order) -> str:
    """A host's own code, which takes its time between our first read and write."""
    time.sleep(0.01)
    return order.customer.name


def sell(closed: threading.Event) -> None:
    """A till: one order after the other, each of another buyer."""
    first = threading.get_ident() % 1000
    try:
        for number in range(ORDERS_OF_A_TILL):
            place_order(phone=f"+3712{first:04}{number:03}")
            track(None, "looked")
    finally:
        closed.set()


def process(closed: list[threading.Event]) -> None:
    """A worker: reads, then writes, in short transactions, as long as a till sells."""
    while not all(till.is_set() for till in closed):
        try:
            with transaction.atomic():
                newest = Event.objects.exclude(name="looked").order_by("-pk").first()
                Event.objects.filter(pk=newest and newest.pk).update(name="order_seen")
                Event.objects.filter(name="order_seen").update(name="order_placed")
        except OperationalError:
            pass  # as a worker does: the next tick finds it again
        time.sleep(0.005)


if __name__ == "__main__":
    main()
