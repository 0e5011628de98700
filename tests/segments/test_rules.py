"""The registry of rule kinds, and what a rule is compiled for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db.models import Q

from sms_marketing import segments
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.models import Brand, Contact, Segment
from sms_marketing.segments import (
    Brands,
    IntegerParameter,
    Operator,
    Rule,
    RuleContext,
    RuleKind,
    describe_kinds,
    register_rule_kind,
    rule_kinds,
)

ENDING = IntegerParameter(name="value", label="digit", maximum=9)


class EvenKind(RuleKind):
    """What a host may add: contacts by the last digit of their number."""

    key = "last_digit"
    label = "last digit"
    operators = (Operator(key="is", label="is", parameters=(ENDING,)),)

    def q(self, rule: Rule, context: RuleContext) -> Q:
        return Q(phone__isnull=False, phone__endswith=str(rule.get("value")))

    def sentence(self, rule: Rule) -> str:
        return f"the number ends with {rule.get('value')}"


@pytest.fixture
def added() -> Iterator[type[RuleKind]]:
    yield register_rule_kind(EvenKind)
    rule_kinds.remove("last_digit")


@pytest.mark.django_db
def test_a_new_kind_is_one_class(added: type[RuleKind]) -> None:
    rules = {"not": {"kind": "last_digit", "op": "is", "value": 7}}
    Contact.objects.create(phone="+37120000007")
    other = Contact.objects.create(phone="+37120000008")

    assert list(segments.audience(Segment(rules=rules))) == [other]
    assert segments.describe(rules) == ["Not: the number ends with 7"]
    assert describe_kinds()[-1] == {
        "key": "last_digit",
        "label": "last digit",
        "help": "",
        "operators": [
            {
                "key": "is",
                "label": "is",
                "parameters": [
                    {
                        "name": "value",
                        "type": "integer",
                        "label": "digit",
                        "help": "",
                        "required": True,
                        "minimum": 0,
                        "maximum": 9,
                    }
                ],
            }
        ],
    }


def test_a_kind_is_registered_once(added: type[RuleKind]) -> None:
    with pytest.raises(ConfigurationError, match="registered twice"):
        register_rule_kind(added)


@pytest.mark.parametrize(
    ("operators", "reason"),
    [
        ((), "needs operators"),
        (
            (Operator(key="is", label=""), Operator(key="is", label="")),
            "key of its own",
        ),
        (
            (Operator(key="is", label="", parameters=(ENDING, ENDING)),),
            "name of its own",
        ),
        (
            (
                Operator(
                    key="is",
                    label="",
                    parameters=(IntegerParameter(name="op", label=""),),
                ),
            ),
            "none of all, any, kind, not, op",
        ),
    ],
)
def test_a_declaration_that_contradicts_itself_is_refused(
    operators: tuple[Operator, ...], reason: str
) -> None:
    odd = type("OddKind", (EvenKind,), {"key": "odd", "operators": operators})

    with pytest.raises(ConfigurationError, match=reason):
        register_rule_kind(odd)

    assert "odd" not in rule_kinds


@pytest.mark.django_db
def test_declarations_are_json_with_the_choices_of_today() -> None:
    brand = Brand.objects.get_default()
    lunch = Segment.objects.create(name="Lunch", kind=Segment.Kind.STATIC)
    Segment.objects.create(name="Rules")

    described = {kind["key"]: kind for kind in json.loads(json.dumps(describe_kinds()))}

    assert list(described) == list(rule_kinds)
    consent = described["consent"]["operators"][0]["parameters"]
    assert [(item["name"], item["type"], item["required"]) for item in consent] == [
        ("brand", "code", False),
        ("topic", "text", False),
        ("channel", "choice", False),
    ]
    assert consent[0]["choices"] == [{"value": brand.code, "label": brand.name}]
    assert {"value": "sms", "label": "SMS"} in consent[2]["choices"]
    (lists,) = described["fixed_list"]["operators"][0]["parameters"]
    assert lists["choices"] == [{"value": lunch.pk, "label": "Lunch"}]
    assert described["tag"]["operators"][0]["parameters"][0]["max_items"] == 100
    since = described["purchase_sum"]["operators"][0]["parameters"][2]
    assert (since["type"], since["minimum"]) == ("date", "1900-01-01")


def context(instant: datetime, zone: str) -> RuleContext:
    return RuleContext(now=instant, brands=Brands(Brand(zone=zone)))


def test_today_is_the_brands_day() -> None:
    late = datetime(2026, 2, 28, 22, 30, tzinfo=UTC)

    assert context(late, "Europe/Riga").today == date(2026, 3, 1)
    assert context(late, "America/Havana").today == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("Europe/Riga", date(2026, 1, 1), datetime(2025, 12, 31, 22, 0, tzinfo=UTC)),
        ("Europe/Riga", date(2026, 3, 30), datetime(2026, 3, 29, 21, 0, tzinfo=UTC)),
        # Midnight does not exist: the clock goes from 23:59:59 to 01:00.
        ("America/Havana", date(2026, 3, 8), datetime(2026, 3, 8, 5, 0, tzinfo=UTC)),
        # Midnight comes twice: the first one counts.
        ("America/Havana", date(2026, 11, 1), datetime(2026, 11, 1, 4, 0, tzinfo=UTC)),
    ],
    ids=str,
)
def test_r14_day_starts_at_the_brands_first_midnight(
    zone: str, day: date, start: datetime
) -> None:
    assert context(start, zone).start_of(day) == start
    assert context(start, zone).days_ago(0) == start


@pytest.mark.django_db
def test_default_brand_is_meant_when_none_is_named(
    django_assert_num_queries: Any,
) -> None:
    other = Brand.objects.create(name="Nord", code="nord", currency="SEK")

    with django_assert_num_queries(1):
        brands = Brands()
        assert brands.chosen.is_default
        assert not brands.has_one_currency
    with django_assert_num_queries(0):
        assert Brands(other).chosen == other
