"""Segments: which contacts are meant, told in rules and asked in one query.

The door of the room. A tree of rules is JSON: ``{"all": […]}``, ``{"any": […]}``,
``{"not": …}`` around ``{"kind": "city", "op": "is", "value": "Rīga"}``. A site adds a
kind of its own with one class: subclass ``RuleKind`` under ``@register_rule_kind``.
"""

from __future__ import annotations

from sms_marketing.segments.audiences import audience, count
from sms_marketing.segments.compiler import compile_rules
from sms_marketing.segments.kinds_consent import ConsentKind
from sms_marketing.segments.kinds_lists import FixedListKind, InterestKind, TagKind
from sms_marketing.segments.kinds_profile import (
    AgeKind,
    CityKind,
    CountryKind,
    LanguageKind,
)
from sms_marketing.segments.kinds_purchases import (
    LastPurchaseKind,
    PurchaseCountKind,
    PurchaseSumKind,
)
from sms_marketing.segments.parameters import (
    ChoiceParameter,
    CodeParameter,
    DateParameter,
    DaysParameter,
    IdParameter,
    IntegerParameter,
    MoneyParameter,
    Parameter,
    TextListParameter,
    TextParameter,
    Unreadable,
)
from sms_marketing.segments.rules import (
    Brands,
    Operator,
    Rule,
    RuleContext,
    RuleKind,
    describe_kinds,
    register_rule_kind,
    rule_kinds,
)
from sms_marketing.segments.sentences import describe
from sms_marketing.segments.tree import (
    MAX_DEPTH,
    MAX_NODES,
    All,
    AnyOf,
    Node,
    Not,
    parse,
    rules_of,
    to_json,
)

__all__ = [
    "MAX_DEPTH",
    "MAX_NODES",
    "AgeKind",
    "All",
    "AnyOf",
    "Brands",
    "ChoiceParameter",
    "CityKind",
    "CodeParameter",
    "ConsentKind",
    "CountryKind",
    "DateParameter",
    "DaysParameter",
    "FixedListKind",
    "IdParameter",
    "IntegerParameter",
    "InterestKind",
    "LanguageKind",
    "LastPurchaseKind",
    "MoneyParameter",
    "Node",
    "Not",
    "Operator",
    "Parameter",
    "PurchaseCountKind",
    "PurchaseSumKind",
    "Rule",
    "RuleContext",
    "RuleKind",
    "TagKind",
    "TextListParameter",
    "TextParameter",
    "Unreadable",
    "audience",
    "compile_rules",
    "count",
    "describe",
    "describe_kinds",
    "parse",
    "register_rule_kind",
    "rule_kinds",
    "rules_of",
    "to_json",
]
