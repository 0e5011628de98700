"""Each statement of ``core.db`` on the database of this run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Value

from sms_marketing.core import clock
from sms_marketing.core.db import DatabaseNow, database_now, insert_from_select
from sms_marketing.models import Brand, ContactTag, Event

pytestmark = pytest.mark.django_db
COLUMNS = ["name", "key", "properties", "occurred_at", "recorded_at"]


def make_event(name: str = "seen", **over: object) -> Event:
    now = clock.now()
    values = {"name": name, "occurred_at": now, "recorded_at": now, **over}
    return Event.objects.create(**values)


def copies(prefix: str):
    """Each event again, its key being its name."""
    return Event.objects.values_list(
        Value(prefix), "name", "properties", "occurred_at", DatabaseNow()
    )


def test_database_now_is_this_instant_in_utc():
    moment = database_now("default")

    assert moment.utcoffset() == timedelta(0)
    assert abs(moment - clock.now()) < timedelta(seconds=5)


def test_database_now_compares_with_stored_instants():
    past = make_event(occurred_at=clock.now() - timedelta(seconds=5))
    make_event(occurred_at=clock.now() + timedelta(seconds=60))

    assert list(Event.objects.filter(occurred_at__lte=DatabaseNow())) == [past]


def test_database_now_shifts_by_a_timedelta_and_is_stored():
    event = make_event()

    Event.objects.update(
        occurred_at=DatabaseNow() + timedelta(hours=1), recorded_at=DatabaseNow()
    )

    event.refresh_from_db()
    ahead = event.occurred_at - event.recorded_at
    assert abs(ahead - timedelta(hours=1)) < timedelta(seconds=1)
    assert abs(event.recorded_at - clock.now()) < timedelta(seconds=5)


def test_database_now_moves_within_a_transaction():
    with transaction.atomic():
        first = database_now("default")
        while database_now("default") == first:
            pass
        assert database_now("default") > first


def test_insert_from_select_writes_the_rows_of_the_query():
    make_event("a")
    make_event("b", properties={"x": "ā"})

    assert insert_from_select(Event, COLUMNS, copies("copy"), using="default") == 2

    made = Event.objects.filter(name="copy").order_by("key")
    assert [(event.key, event.properties) for event in made] == [
        ("a", {}),
        ("b", {"x": "ā"}),
    ]


def test_insert_from_select_gives_the_other_fields_their_defaults():
    make_event("a", object_label="shop.Cart")

    rows = Event.objects.values_list("name", "occurred_at", "recorded_at")
    insert_from_select(
        Event, ["name", "occurred_at", "recorded_at"], rows, using="default"
    )

    made = Event.objects.get(object_label="")
    assert (made.key, made.properties, made.processed_at) == (None, {}, None)


def test_insert_from_select_leaves_what_is_there_and_counts_the_new():
    make_event("a")
    make_event("b")
    make_event("old", key="a")

    wanted = copies("copy").filter(key__isnull=True)

    assert insert_from_select(Event, COLUMNS, wanted, using="default") == 1
    assert Event.objects.get(key="a").name == "old"
    assert insert_from_select(Event, COLUMNS, wanted, using="default") == 0


def test_insert_from_select_raises_on_conflict_if_told_so():
    make_event("a")
    make_event("old", key="a")

    wanted = copies("copy").filter(key__isnull=True)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_from_select(
            Event, COLUMNS, wanted, ignore_conflicts=False, using="default"
        )


def test_insert_from_select_never_swallows_another_fault():
    make_event("a")

    faulty = Event.objects.values_list(
        Value("copy"), "name", "properties", "processed_at", "recorded_at"
    )  # processed_at is NULL, occurred_at must not be

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_from_select(Event, COLUMNS, faulty, using="default")
    assert not Event.objects.filter(name="copy").exists()


def test_insert_from_select_takes_foreign_keys_by_field_name():
    Brand.objects.get_default()
    empty = ContactTag.objects.values_list("contact", "kind", "label", F("key"))

    assert (
        insert_from_select(
            ContactTag, ["contact", "kind", "label", "key"], empty, using="default"
        )
        == 0
    )
    assert connection.in_atomic_block
