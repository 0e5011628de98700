"""Rules mean what they say: checked against a plain-Python oracle on random trees."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db.models import Q

from sms_marketing import segments
from sms_marketing.exceptions import InvalidRule
from sms_marketing.models import Brand, Contact, Segment
from tests.factories import make_purchase
from tests.segments.world import QUESTIONS, Oracle, make_world, random_tree

pytestmark = pytest.mark.django_db

TREES = 90
EURO_AND_KRONA, EUROS = ("EUR", "SEK"), ("EUR", "EUR")


def ask(rules: object, **options: Any) -> list[int]:
    found = Contact.objects.filter(segments.compile_rules(rules, **options))
    return sorted(found.values_list("pk", flat=True))


@pytest.mark.parametrize("seed", [0, 1, 2, 3], ids=str)
def test_r14_random_trees_mean_what_the_oracle_says(seed: int) -> None:
    world = make_world(seed, currencies=EUROS if seed == 3 else EURO_AND_KRONA)
    random = Random(seed)
    brands = [None, *world.brands.values()]

    for _ in range(TREES):
        brand = random.choice(brands)
        oracle = Oracle(world=world, brand=brand or Brand.objects.get_default())
        tree = random_tree(random, world)
        yes = sorted(p.pk for p in world.people if oracle.matches(tree, p))
        no = sorted(p.pk for p in world.people if not oracle.matches(tree, p))

        assert ask(tree, brand=brand, now=world.now) == yes, tree
        assert ask({"not": tree}, brand=brand, now=world.now) == no, tree


def test_r14_every_operator_finds_and_leaves_out_somebody() -> None:
    world = make_world(1, currencies=EURO_AND_KRONA)
    oracle = Oracle(world=world, brand=Brand.objects.get_default())
    random = Random(0)
    answers: dict[tuple[str, str], set[bool]] = defaultdict(set)

    for _ in range(2000):
        rule = random_tree(random, world, depth=9)
        says = {oracle.matches(rule, person) for person in world.people}
        if answers[rule["kind"], rule["op"]] >= says:
            continue
        answers[rule["kind"], rule["op"]] |= says
        expected = sorted(p.pk for p in world.people if oracle.matches(rule, p))
        assert ask(rule, now=world.now) == expected, rule

    known = {
        (key, operator.key)
        for key, kind in segments.rule_kinds.items()
        for operator in kind.operators
    }
    assert known == set(QUESTIONS) == set(answers)
    assert all(says == {True, False} for says in answers.values()), answers


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "city", "op": "is", "value": "Rīga"},
        {"kind": "city", "op": "is_not", "value": "Rīga"},
        {"kind": "country", "op": "in", "value": ["LV"]},
        {"kind": "language", "op": "is_not", "value": "lv"},
        {"kind": "age", "op": "at_least", "value": 0},
        {"kind": "age", "op": "at_most", "value": 150},
        {"kind": "age", "op": "between", "from": 0, "to": 150},
        {"kind": "last_purchase", "op": "within", "value": 30},
        {"kind": "last_purchase", "op": "before", "value": 30},
    ],
    ids=str,
)
def test_r14_missing_value_is_false_and_its_not_true(rule: dict[str, Any]) -> None:
    blank = Contact.objects.create(phone="+37120000001")

    assert ask(rule) == []
    assert ask({"not": rule}) == [blank.pk]
    assert ask({"not": {"not": rule}}) == []
    assert ask({"any": [rule, {"not": rule}]}) == [blank.pk]


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "purchase_count", "op": "at_least", "value": 0},
        {"kind": "purchase_count", "op": "exactly", "value": 0},
        {"kind": "purchase_count", "op": "at_most", "value": 3, "within_days": 9},
        {"kind": "purchase_sum", "op": "at_least", "value": "0", "within_days": 9},
        {"kind": "purchase_sum", "op": "less_than", "value": "0.01"},
        {"kind": "last_purchase", "op": "never"},
        {"kind": "interest", "op": "has_not", "value": ["kafija"]},
        {"kind": "tag", "op": "has_not", "value": ["vip"]},
        {"kind": "consent", "op": "unknown"},
    ],
    ids=str,
)
def test_nothing_bought_and_nothing_said_are_values_not_gaps(
    rule: dict[str, Any],
) -> None:
    blank = Contact.objects.create(phone="+37120000001")

    assert ask(rule) == [blank.pk]
    assert ask({"not": rule}) == []


def test_everybody_and_nobody() -> None:
    blank = Contact.objects.create(phone="+37120000001")

    assert ask({}) == [blank.pk]
    assert list(Contact.objects.filter(~segments.compile_rules({}))) == []


def test_condition_joins_no_table_and_reads_the_brand_at_most_once(
    django_assert_num_queries: Any,
) -> None:
    brand = Brand.objects.get_default()
    tree = {
        "all": [
            {"kind": "age", "op": "at_least", "value": 18},
            {"kind": "consent", "op": "opted_in", "brand": brand.code},
            {"kind": "consent", "op": "unknown", "topic": "offers"},
            {"kind": "purchase_sum", "op": "at_least", "value": "9.90"},
            {"kind": "purchase_count", "op": "at_least", "value": 2},
            {"kind": "last_purchase", "op": "before", "value": 30},
            {"kind": "interest", "op": "has", "value": ["kafija"]},
            {"kind": "fixed_list", "op": "not_in", "value": 1},
        ]
    }

    with django_assert_num_queries(1):
        condition = segments.compile_rules(tree)
    with django_assert_num_queries(0):
        segments.compile_rules({"kind": "consent", "op": "opted_in"}, brand=brand)
    with django_assert_num_queries(0):
        segments.compile_rules({"kind": "city", "op": "is", "value": "Rīga"})

    query = Contact.objects.filter(condition).query
    assert " JOIN " not in str(query)
    with django_assert_num_queries(1):
        list(Contact.objects.filter(condition))


GROUPED = {"kind": "purchase_count", "op": "at_least", "value": 2, "within_days": 90}
CITY = {"kind": "city", "op": "is", "value": "Rīga"}
CONSENT = {"kind": "consent", "op": "opted_in"}


def is_grouped(rules: object) -> bool:
    sql = str(Contact.objects.filter(segments.compile_rules(rules)).query)
    return bool(re.search(r"\bIN \(SELECT .* GROUP BY ", sql))


@pytest.mark.parametrize(
    "rules",
    [
        GROUPED,
        {"all": [CONSENT, GROUPED]},
        {"not": {"not": GROUPED}},
        {"not": {"any": [{"not": GROUPED}, CITY]}},
        {"all": [GROUPED, {"any": [CITY, CONSENT]}]},
        {**GROUPED, "kind": "purchase_sum", "value": "2"},
    ],
    ids=str,
)
def test_broad_rule_with_a_short_window_is_grouped(rules: object) -> None:
    assert is_grouped(rules)


@pytest.mark.parametrize(
    "rules",
    [
        {"not": GROUPED},
        {"any": [CONSENT, GROUPED]},
        {"all": [CITY, GROUPED]},
        {"all": [GROUPED, {"any": [CITY, {"all": [CITY, CONSENT]}]}]},
        {"not": {"any": [{"not": GROUPED}, {"not": CITY}]}},
        {"kind": "purchase_count", "op": "at_least", "value": 2},
        {**GROUPED, "within_days": 365},
        {**GROUPED, "op": "at_most"},
        {**GROUPED, "value": 0},
    ],
    ids=str,
)
def test_narrow_optional_long_or_negated_rule_is_correlated(rules: object) -> None:
    assert not is_grouped(rules)


def test_no_brand_of_that_code_is_a_fault_with_its_path() -> None:
    rules = {"all": [{"not": {**CONSENT, "brand": "nrod"}}]}
    code = Brand.objects.get_default().code

    with pytest.raises(InvalidRule) as caught:
        segments.compile_rules(rules)

    assert caught.value.path == "all[0].not.brand"
    assert str(caught.value).endswith(f"there is no brand 'nrod'; allowed: {code}")


def test_answer_is_that_of_the_frozen_instant() -> None:
    world = make_world(0, currencies=EUROS)
    rule = {"kind": "purchase_count", "op": "at_least", "value": 1}
    segment = Segment(rules=rule)
    before = segments.audience(segment, now=world.now).count()

    late = [p for p in world.people if not p.erased and not p.bought]
    for person in late:
        make_purchase(contact_id=person.pk, placed_at=world.now + timedelta(seconds=1))

    assert segments.audience(segment, now=world.now).count() == before
    assert segments.audience(segment).count() > before


def test_two_conditions_may_be_combined_with_others() -> None:
    blank = Contact.objects.create(phone="+37120000001")
    condition = segments.compile_rules({"not": CITY})

    assert list(Contact.objects.filter(condition & Q(pk=blank.pk))) == [blank]
