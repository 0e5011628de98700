from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.providers import Outbound
from sms_marketing.providers.http_mapping import (
    Condition,
    Path,
    as_count,
    as_moment,
    as_price,
    as_text,
    fill,
    placeholders_in,
    values_of,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b.1.c", 5),
        ("a.b.9.c", None),
        ("a.b.x", None),
        ("a.b.0", 1),
        ("a.z", None),
        ("a.b.0.c", None),
    ],
)
def test_a_path_leads_through_names_and_positions(path, value):
    assert Path.of(path).read({"a": {"b": [1, {"c": 5}]}}) == value


def test_the_empty_path_is_the_whole_body():
    assert Path.of("").read([1]) == [1]
    assert Path.of("").text("x") == ""  # a path that nobody gave says nothing


@given(body=JSON, path=st.text(alphabet="ab01.", max_size=8))
def test_no_body_breaks_a_path(body, path):
    text = Path.of(path).text(body)

    assert "\x00" not in text
    text.encode()


@given(value=JSON)
def test_no_value_breaks_a_reader(value):
    count, price, moment = as_count(value), as_price(value), as_moment(value)

    assert count is None or 0 <= count < 100_000
    assert price is None or abs(price) < 1_000_000
    assert moment is None or moment.tzinfo is not None


def test_conditions_compare_without_type_and_case():
    condition = Condition(Path.of("ok"), frozenset({"true", "0"}))

    assert condition.holds({"ok": True})
    assert condition.holds({"ok": "TRUE"})
    assert condition.holds({"ok": 0})
    assert not condition.holds({"ok": False})
    assert not condition.holds({})
    assert condition.is_answered({"ok": False})
    assert not condition.is_answered({"ok": None})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (Decimal("0.10"), "0.10"),
        ("a\x00b", "ab"),
        ("\ud800", "?"),
        (None, ""),
        ([1], ""),
    ],
)
def test_values_become_text_that_a_database_can_hold(value, text):
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-24T10:00:00+02:00", datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24 10:00:00", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        (1_700_000_000, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("1700000000000", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
        ("yesterday", None),
        ("1e300", None),
        ("nan", None),
        ("", None),
    ],
)
def test_moments_are_read_in_all_their_forms(value, moment):
    assert as_moment(value) == moment


def test_a_moment_keeps_its_zone():
    riga = timezone(timedelta(hours=2))

    assert as_moment("2026-11-24T10:00:00+02:00").tzinfo == riga


@pytest.mark.parametrize(
    ("value", "price"),
    [
        (Decimal("0.0310"), Decimal("0.0310")),
        ("-0.05", Decimal("-0.05")),
        ("Infinity", None),
        ("NaN", None),
        ("1E+9", None),
        ("free", None),
        (None, None),
    ],
)
def test_prices_are_exact_or_absent(value, price):
    assert as_price(value) == price


@pytest.mark.parametrize(
    ("value", "count"), [(3, 3), ("2", 2), (-1, None), ("1.5", None), (10**9, None)]
)
def test_counts_are_small_whole_numbers(value, count):
    assert as_count(value) == count


def test_templates_keep_types_and_leave_out_what_is_not_there():
    outbound = Outbound(
        message_id=5, attempt=2, to="+371200", text="Hi {to}", sender="", part_count=2
    )
    template = {
        "to": "{to_digits}",
        "text": "{text}",
        "from": "{sender}",
        "validity": "{validity}",
        "note": "{reference}: {parts} of {validity}",
        "parts": "{parts}",
        "list": [{"phone": "{to}"}, "{receipt_url}", True, 5],
        "constant": "x",
    }

    filled = fill(template, values_of(outbound))

    assert filled == {
        "to": "371200",
        "text": "Hi {to}",  # what people write is never a template
        "note": "5-2: 2 of ",
        "parts": 2,
        "list": [{"phone": "+371200"}, True, 5],
        "constant": "x",
    }


def test_placeholders_are_found_at_any_depth():
    template = {"a": ["{to}", {"b": "x {text} {sender}"}], "c": 5}

    assert placeholders_in(template) == {"to", "text", "sender"}
    assert placeholders_in({}) == set()
