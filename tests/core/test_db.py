"""Each statement of ``core.db`` on the database of this run."""

from __future__ import annotations

import sys
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Case, F, Value, When

from sms_marketing.core import clock
from sms_marketing.core.db import (
    DatabaseNow,
    Instant,
    claim_rows,
    database_now,
    insert_from_select,
    insert_missing,
    update_rows,
)
from sms_marketing.models import (
    Brand,
    ContactTag,
    Event,
    Message,
    MessageStatus,
    Purchase,
    SendBatch,
)
from tests import factories

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


def test_instants_of_a_case_are_instants():
    first, second = clock.now(), clock.now() + timedelta(hours=1)
    make_event("a")
    make_event("b")

    moment = Case(When(name="a", then=Instant(first)), default=Instant(second))
    found = Event.objects.annotate(at=moment).values_list("name", "at")

    assert dict(found) == {"a": first, "b": second}
    assert Event.objects.annotate(at=moment).get(at=second).name == "b"


def test_insert_missing_leaves_what_is_there():
    make_event("old", key="a")
    now = clock.now()

    insert_missing(
        Event,
        [
            Event(name="new", key=key, occurred_at=now, recorded_at=now)
            for key in ("a", "A", "b")
        ],
        unique=["key"],
        using="default",
    )

    found = dict(Event.objects.values_list("key", "name"))
    assert found == {"a": "old", "A": "new", "b": "new"}


def test_insert_missing_never_swallows_another_fault():
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_missing(
            Event,
            [Event(name="a", key="a", occurred_at=None, recorded_at=clock.now())],
            unique=["key"],
            using="default",
        )


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


# Claims


def claim(sender, *, limit=10, due=None):
    batch = SendBatch(worker="w", sender=sender)
    due = Message.objects.order_by("pk") if due is None else due
    taken = claim_rows(
        due.filter(status=MessageStatus.QUEUED),
        batch=batch,
        changes={"status": MessageStatus.CLAIMED, "sender": sender},
        lease=timedelta(seconds=60),
        limit=limit,
        using="default",
    )
    return batch, taken


def test_a_claim_gives_rows_to_a_new_batch_in_their_order(sender):
    contact = factories.make_contact()
    rows = [
        factories.make_message(sender=sender, contact=contact, priority=priority)
        for priority in (5, 0, 1)
    ]

    batch, taken = claim(sender, limit=2, due=Message.objects.order_by("priority"))

    assert taken == 2
    mine = Message.objects.filter(batch=batch.pk)
    assert set(mine.values_list("pk", flat=True)) == {rows[1].pk, rows[2].pk}
    assert set(mine.values_list("status", "attempt")) == {("claimed", 1)}
    stored = SendBatch.objects.get(pk=batch.pk)
    assert (stored.size, stored.watermark, stored.state) == (2, 0, "live")
    assert stored.worker == "w"
    ahead = stored.lease_until - stored.created_at
    assert abs(ahead - timedelta(seconds=60)) < timedelta(seconds=1)


def test_a_claim_of_nothing_leaves_no_batch(sender):
    assert claim(sender)[1] == 0
    assert not SendBatch.objects.exists()


def test_a_row_is_claimed_once(sender):
    contact = factories.make_contact()
    for _ in range(3):
        factories.make_message(sender=sender, contact=contact)

    assert claim(sender, limit=2)[1] == 2
    assert claim(sender, limit=2)[1] == 1
    assert claim(sender, limit=2)[1] == 0


# Many rows, each with values of its own


def messages(sender, count):
    contact = factories.make_contact()
    return [
        factories.make_message(sender=sender, contact=contact) for _ in range(count)
    ]


def test_update_rows_writes_each_its_own_values(sender):
    first, second = messages(sender, 2)

    changed = update_rows(
        Message,
        [(second.pk, "b\n'x'", Decimal("0.30"), None), (first.pk, "ā", None, 7)],
        keys=("id",),
        sets=("body", "price", "part_count"),
        using="default",
    )

    assert changed == {first.pk, second.pk}
    found = Message.objects.in_bulk()
    assert (found[first.pk].body, found[first.pk].price) == ("ā", None)
    assert found[second.pk].body == "b\n'x'"
    assert found[second.pk].price == Decimal("0.30")
    assert (found[first.pk].part_count, found[second.pk].part_count) == (7, None)


def test_update_rows_writes_one_value_to_all(sender):
    rows = messages(sender, 3)
    moment = clock.now()

    changed = update_rows(
        Message,
        [(row.pk, 0, "sent", Decimal("0.05"), moment, None) for row in rows],
        keys=("id", "attempt"),
        sets=("status", "price", "sent_at", "provider_message_id"),
        where={"status": ["queued", "claimed"]},
        using="default",
    )

    assert changed == {row.pk for row in rows}
    values = Message.objects.values_list("status", "price", "sent_at")
    assert set(values) == {("sent", Decimal("0.05"), moment)}


def test_update_rows_is_compare_and_swap(sender):
    moved, done, right = messages(sender, 3)
    Message.objects.filter(pk=moved.pk).update(attempt=4)
    Message.objects.filter(pk=done.pk).update(status="failed")

    changed = update_rows(
        Message,
        [(row.pk, 0, "new") for row in (moved, done, right)],
        keys=("id", "attempt"),
        sets=("body",),
        where={"status": ["queued"]},
        using="default",
    )

    assert changed == {right.pk}
    assert Message.objects.get(body="new") == right


def test_update_rows_changes_a_key_itself(sender):
    [row] = messages(sender, 1)
    Message.objects.update(attempt=2)

    update_rows(
        Message,
        [(row.pk, 2, 1, None)],
        keys=("id", "attempt"),
        sets=("attempt", "batch"),
        using="default",
    )

    assert Message.objects.values_list("attempt", "batch").get() == (1, None)


def test_update_rows_keeps_the_text_of_the_erased_blank(sender):
    erased, other = messages(sender, 2)
    Message.objects.filter(pk=erased.pk).update(to_phone="", body="")

    update_rows(
        Message,
        [(erased.pk, "secret"), (other.pk, "text")],
        keys=("id",),
        sets=("body",),
        blank_with={"body": "to_phone"},
        using="default",
    )

    assert dict(Message.objects.values_list("pk", "body")) == {
        erased.pk: "",
        other.pk: "text",
    }


def test_update_rows_takes_more_than_one_statement_holds(brand, monkeypatch):
    module = sys.modules["sms_marketing.core.db.update"]
    monkeypatch.setattr(module, "MAX_PARAMETERS", 9)
    rows = [factories.make_purchase(brand=brand) for _ in range(10)]

    changed = update_rows(
        Purchase,
        [(row.pk, f"n{row.pk}", Decimal(row.pk)) for row in rows],
        keys=("id",),
        sets=("number", "amount"),
        using="default",
    )

    assert len(changed) == 10
    for row in Purchase.objects.all():
        assert (row.number, row.amount) == (f"n{row.pk}", Decimal(row.pk))


def test_update_rows_of_nothing_does_nothing(db):
    assert (
        update_rows(Message, [], keys=("id",), sets=("body",), using="default") == set()
    )


@pytest.mark.real_database
def test_a_text_that_is_too_long_is_refused_and_not_cut(sender):
    [row] = messages(sender, 1)

    with pytest.raises(DataError), transaction.atomic():
        update_rows(
            Message,
            [(row.pk, "x" * 200)],
            keys=("id",),
            sets=("provider_message_id",),
            using="default",
        )
