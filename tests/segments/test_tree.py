"""A wrong tree is refused with the path of the fault; a right one comes back equal."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from django.utils import translation

from sms_marketing.exceptions import InvalidRule
from sms_marketing.segments import (
    MAX_DEPTH,
    MAX_NODES,
    All,
    AnyOf,
    Not,
    parse,
    rule_kinds,
    rules_of,
    to_json,
)
from tests.segments.world import make_world, random_tree

CITY = {"kind": "city", "op": "is", "value": "Rīga"}
COUNT = {"kind": "purchase_count", "op": "at_least", "value": 1}
SUM = {"kind": "purchase_sum", "op": "at_least", "value": "9.90"}
AGE = {"kind": "age", "op": "between", "from": 18, "to": 30}
TAG = {"kind": "tag", "op": "has", "value": ["vip"]}

KINDS = ", ".join(rule_kinds)
OBJECT = 'must be an object such as {"kind": …} or {"all": […]}'
ONE_OF = "must have exactly one of: all, any, not, kind"
LIST = "must be a list of at least one rule or group"
WORD = "must be a text of 1 to 120 letters"
WORDS = "must be a list of 1 to 100 texts"
MONEY = 'must be an amount as text, such as "12.50"'
COUNTS = "must be a whole number from 0 to 1000000"
DATE = "must be a date such as 2026-05-31, from 1900-01-01 to 2199-12-31"
DAYS = "must be a whole number from 1 to 36500"
ID = "must be an id, a whole number above 0"

FAULTS: list[tuple[object, str, str]] = [
    # the shape of the tree
    (None, "", OBJECT),
    ([], "", OBJECT),
    ([CITY], "", OBJECT),
    ("city", "", OBJECT),
    ({"all": [CITY, "x"]}, "all[1]", OBJECT),
    ({"all": [{}]}, "all[0]", ONE_OF),
    ({"value": "Rīga"}, "", ONE_OF),
    ({"al": [CITY]}, "", f"{ONE_OF}; did you mean 'all'?"),
    ({1: 2}, "", ONE_OF),
    ({"all": [CITY], "any": [CITY]}, "", ONE_OF),
    ({"not": {**CITY, "all": [CITY]}}, "not", ONE_OF),
    ({"all": []}, "all", LIST),
    ({"any": []}, "any", LIST),
    ({"any": CITY}, "any", LIST),
    ({"any": (CITY,)}, "any", LIST),
    ({"not": [CITY]}, "not", OBJECT),
    ({"not": {}}, "not", ONE_OF),
    ({"all": [CITY], "name": "x"}, "name", "'name' is not known; allowed: all"),
    # kinds, operators, keys
    (
        {"all": [CITY, {"not": {**CITY, "kind": "citty"}}]},
        "all[1].not.kind",
        f"'citty' is not known; allowed: {KINDS}; did you mean 'city'?",
    ),
    ({**CITY, "kind": None}, "kind", f"None is not known; allowed: {KINDS}"),
    ({**CITY, "kind": []}, "kind", f"[] is not known; allowed: {KINDS}"),
    ({"kind": "city"}, "op", "is missing; allowed: is, is_not, in"),
    (
        {"any": [{**CITY, "op": "isnot"}]},
        "any[0].op",
        "'isnot' is not known; allowed: is, is_not, in; did you mean 'is_not'?",
    ),
    ({**CITY, "op": 1}, "op", "1 is not known; allowed: is, is_not, in"),
    ({"kind": "city", "op": "is"}, "value", "is missing"),
    (
        {"kind": "city", "op": "is", "values": "Rīga"},
        "values",
        "'values' is not known; allowed: kind, op, value; did you mean 'value'?",
    ),
    (
        {**COUNT, "from": 1},
        "from",
        (
            "'from' is not known; allowed: kind, op, value, within_days, since, "
            "until, brand"
        ),
    ),
    # values
    ({**CITY, "value": None}, "value", "must be a text"),
    ({**CITY, "value": 5}, "value", "must be a text"),
    ({**CITY, "value": "  "}, "value", WORD),
    ({**CITY, "value": "\0"}, "value", WORD),
    ({**CITY, "value": "ā" * 121}, "value", WORD),
    ({**CITY, "op": "in"}, "value", WORDS),
    ({**TAG, "value": []}, "value", WORDS),
    ({**TAG, "value": ["x"] * 101}, "value", WORDS),
    ({"all": [{**TAG, "value": ["vip", 7]}]}, "all[0].value[1]", "must be a text"),
    ({**TAG, "value": ["vip", ""]}, "value[1]", WORD),
    (
        {"kind": "country", "op": "is", "value": "Latvia"},
        "value",
        "must look like 'LV'",
    ),
    (
        {"kind": "language", "op": "in", "value": ["lv", "Latvian!"]},
        "value[1]",
        "must look like 'lv'",
    ),
    ({**COUNT, "value": True}, "value", COUNTS),
    ({**COUNT, "value": 1.0}, "value", COUNTS),
    ({**COUNT, "value": "1"}, "value", COUNTS),
    ({**COUNT, "value": -1}, "value", COUNTS),
    ({**COUNT, "value": 1_000_001}, "value", COUNTS),
    ({**COUNT, "within_days": 0}, "within_days", DAYS),
    ({**SUM, "value": 9.9}, "value", MONEY),
    ({**SUM, "value": True}, "value", MONEY),
    ({**SUM, "value": "-1"}, "value", MONEY),
    ({**SUM, "value": "1e3"}, "value", MONEY),
    ({**SUM, "value": "1.0000001"}, "value", MONEY),
    ({**SUM, "value": "١"}, "value", MONEY),
    ({**SUM, "value": "1\n"}, "value", MONEY),
    ({**SUM, "since": "2026-02-30"}, "since", DATE),
    ({**SUM, "since": "20260201"}, "since", DATE),
    ({**SUM, "since": 20260201}, "since", DATE),
    ({**SUM, "until": "2200-01-01"}, "until", DATE),
    ({**SUM, "until": "1899-12-31"}, "until", DATE),
    (
        {**SUM, "since": "2026-02-02", "until": "2026-02-01"},
        "until",
        "must not be before “since”",
    ),
    (
        {"not": {**SUM, "within_days": 3, "until": "2026-02-01"}},
        "not.within_days",
        "give either this or “since” and “until”",
    ),
    (
        {**COUNT, "within_days": 3, "since": "2026-02-01"},
        "within_days",
        "give either this or “since” and “until”",
    ),
    ({**AGE, "to": 151}, "to", "must be a whole number from 0 to 150"),
    ({"all": [{**AGE, "to": 17}]}, "all[0].to", "must not be below “from”"),
    ({"kind": "fixed_list", "op": "in", "value": 0}, "value", ID),
    ({"kind": "fixed_list", "op": "in", "value": True}, "value", ID),
    ({"kind": "fixed_list", "op": "in", "value": 2**63}, "value", ID),
    ({"kind": "fixed_list", "op": "in", "value": "1"}, "value", ID),
    (
        {"kind": "consent", "op": "opted_in", "channel": "fax"},
        "channel",
        "is not known; allowed: sms, rcs, mms",
    ),
    ({"kind": "consent", "op": "opted_in", "brand": 1}, "brand", "must be a text"),
    ({"kind": "consent", "op": "opted_in", "topic": ""}, "topic", WORD),
]


@pytest.mark.parametrize(("data", "path", "reason"), FAULTS, ids=repr)
def test_fault_is_told_with_its_path(data: object, path: str, reason: str) -> None:
    with pytest.raises(InvalidRule) as caught:
        parse(data)

    assert (caught.value.path, caught.value.reason) == (path, reason)
    assert str(caught.value) == f"{path or 'rules'}: {reason}"


def test_a_long_unknown_name_is_cut() -> None:
    with pytest.raises(InvalidRule) as caught:
        parse({**CITY, "kind": "x" * 10_000})

    assert len(str(caught.value)) < 400


def nested(depth: int) -> dict[str, Any]:
    tree: dict[str, Any] = CITY
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


def test_tree_is_ten_deep_at_most() -> None:
    parse(nested(MAX_DEPTH))

    with pytest.raises(InvalidRule) as caught:
        parse(nested(MAX_DEPTH + 1))

    assert caught.value.path == ".".join(["not"] * MAX_DEPTH)
    assert caught.value.reason == "groups are nested more than 10 deep"


def test_a_very_deep_tree_is_refused_before_python_gives_up() -> None:
    with pytest.raises(InvalidRule):
        parse(nested(100_000))


def test_tree_has_two_hundred_nodes_at_most() -> None:
    parse({"all": [CITY] * (MAX_NODES - 1)})

    with pytest.raises(InvalidRule) as caught:
        parse({"all": [CITY] * MAX_NODES})

    assert caught.value.path == "all[199]"
    assert caught.value.reason == "there are more than 200 rules and groups"


def test_nothing_is_everybody() -> None:
    assert parse({}) == All()
    assert to_json(All()) == {}


def test_tree_is_read_as_it_is_written() -> None:
    node = parse({"any": [{"not": CITY}, {"all": [AGE, SUM]}]})

    assert isinstance(node, AnyOf)
    negated, both = node.nodes
    assert isinstance(negated, Not)
    assert isinstance(both, All)
    assert [rule.path for rule in rules_of(node)] == [
        "any[0].not",
        "any[1].all[0]",
        "any[1].all[1]",
    ]
    assert list(rules_of(node))[1].get("from") == 18


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({**CITY, "value": "  Rīga  \n Centrs"}, {**CITY, "value": "Rīga Centrs"}),
        (
            {"kind": "country", "op": "in", "value": ["lv", "LV", "ee"]},
            {"kind": "country", "op": "in", "value": ["LV", "EE"]},
        ),
        (
            {"kind": "language", "op": "is", "value": "EN_gb"},
            {"kind": "language", "op": "is", "value": "en-gb"},
        ),
        ({**TAG, "value": ["VIP", "vip", "Tēja"]}, {**TAG, "value": ["VIP", "Tēja"]}),
        ({**SUM, "value": 12}, {**SUM, "value": "12"}),
        ({**SUM, "since": "2026-02-01"}, {**SUM, "since": "2026-02-01"}),
    ],
    ids=repr,
)
def test_json_of_a_rule_is_tidy(given: object, kept: object) -> None:
    assert to_json(parse(given)) == kept


@pytest.mark.django_db
def test_json_of_random_trees_reads_back_equal() -> None:
    world, random = make_world(0, currencies=("EUR", "SEK")), Random(0)

    for _ in range(300):
        node = parse(random_tree(random, world))
        assert parse(to_json(node)) == node


def test_fault_is_told_in_the_language_in_force() -> None:
    with translation.override("lv"), pytest.raises(InvalidRule) as caught:
        parse({**CITY, "kind": "nope"})

    assert caught.value.path == "kind"
