"""Rules in words."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from sms_marketing import segments
from sms_marketing.models import Segment
from tests.segments.world import make_world, random_tree

CITY = {"kind": "city", "op": "is", "value": "Rīga"}
COUNT = {"kind": "purchase_count", "op": "at_least", "value": 1}
SUM = {"kind": "purchase_sum", "op": "at_least", "value": "100"}
LAST = {"kind": "last_purchase", "op": "within", "value": 30}
CONSENT = {"kind": "consent", "op": "opted_in"}
VIP = {"kind": "tag", "op": "has", "value": ["VIP", "Tēja", "kafija"]}

SENTENCES: list[tuple[dict[str, Any], str]] = [
    (CITY, "The city is “Rīga”"),
    ({**CITY, "op": "is_not"}, "The city is known and is not “Rīga”"),
    (
        {"kind": "country", "op": "in", "value": ["lv", "ee"]},
        "The country is “LV” or “EE”",
    ),
    ({"kind": "age", "op": "at_least", "value": 1}, "The age is at least 1 year"),
    ({"kind": "age", "op": "at_most", "value": 18}, "The age is at most 18 years"),
    (
        {"kind": "age", "op": "between", "from": 25, "to": 40},
        "The age is between 25 and 40",
    ),
    (CONSENT, "Agreed to marketing"),
    (
        {**CONSENT, "op": "opted_out", "topic": "offers", "channel": "rcs"},
        "Withdrew consent to marketing on the topic “offers” by RCS",
    ),
    (
        {**CONSENT, "op": "pending", "brand": "nord"},
        "Has not confirmed consent to marketing of nord",
    ),
    ({**CONSENT, "op": "unknown"}, "Was never asked for consent to marketing"),
    (
        {"kind": "interest", "op": "has", "value": ["Tēja"]},
        "Is interested in “Tēja”",
    ),
    (
        {"kind": "interest", "op": "has_not", "value": ["Tēja"]},
        "Is not interested in “Tēja”",
    ),
    (VIP, "Is tagged “VIP”, “Tēja” or “kafija”"),
    ({**VIP, "op": "has_not"}, "Is not tagged “VIP”, “Tēja” or “kafija”"),
    (COUNT, "Made at least 1 purchase"),
    (
        {**COUNT, "op": "at_most", "value": 2, "within_days": 90},
        "Made at most 2 purchases in the last 90 days",
    ),
    (
        {**COUNT, "op": "exactly", "value": 0, "within_days": 1, "brand": "nord"},
        "Made exactly 0 purchases in the last 1 day from nord",
    ),
    (SUM, "Spent at least 100.00"),
    ({**SUM, "op": "more_than", "value": "0.005"}, "Spent more than 0.005"),
    (
        {**SUM, "op": "at_most", "value": "9.9", "since": "2026-01-05"},
        "Spent at most 9.90 since Jan. 5, 2026",
    ),
    (
        {**SUM, "op": "less_than", "until": "2026-01-05"},
        "Spent less than 100.00 until Jan. 5, 2026",
    ),
    (LAST, "Last bought in the last 30 days"),
    ({**LAST, "op": "before", "value": 1}, "Last bought more than 1 day ago"),
    (
        {"kind": "last_purchase", "op": "never", "brand": "nord"},
        "Never bought anything from nord",
    ),
    ({"not": CITY}, "Not: the city is “Rīga”"),
    (
        {"any": [CITY, {"all": [CONSENT, {"not": VIP}]}]},
        (
            "The city is “Rīga” or (agreed to marketing and "
            "(not: is tagged “VIP”, “Tēja” or “kafija”))"
        ),
    ),
]


@pytest.mark.parametrize(("rules", "sentence"), SENTENCES, ids=repr)
def test_rule_is_told_in_words(rules: dict[str, Any], sentence: str) -> None:
    assert segments.describe(rules) == [sentence]


def test_each_rule_that_everybody_meets_is_a_sentence() -> None:
    assert segments.describe({"all": [CITY, {"any": [CONSENT]}]}) == [
        "The city is “Rīga”",
        "Agreed to marketing",
    ]
    assert segments.describe({}) == ["Everybody"]


@pytest.mark.django_db
def test_fixed_list_is_told_by_its_name() -> None:
    lunch = Segment.objects.create(name="Lunch", kind=Segment.Kind.STATIC)
    rule = {"kind": "fixed_list", "op": "in", "value": lunch.pk}

    assert segments.describe(rule) == ["Is in the list “Lunch”"]
    lunch.delete()
    gone = {**rule, "op": "not_in"}
    assert segments.describe(gone) == [f"Is not in the list “#{rule['value']}”"]


@pytest.mark.django_db
def test_every_tree_has_words() -> None:
    world, random = make_world(0, currencies=("EUR", "SEK")), Random(0)

    for _ in range(200):
        told = segments.describe(random_tree(random, world))
        assert all(sentence.strip() and "%(" not in sentence for sentence in told)
