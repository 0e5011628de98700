"""From a tree to one condition, which the database answers in one query."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db.models import Q

from sms_marketing.core import clock
from sms_marketing.models import Brand
from sms_marketing.segments.rules import Brands, Rule, RuleContext
from sms_marketing.segments.tree import All, Node, Not, parse


def compile_rules(
    data: object, *, brand: Brand | None = None, now: datetime | None = None
) -> Q:
    """Return the condition on ``Contact`` that a tree of rules (JSON) stands for.

    The brand gives the calendar, the consent and the currency that the rules mean; the
    default one is read when none is given. Nothing else is asked here. Raises
    InvalidRule.
    """
    node = parse(data)
    context = RuleContext(now=now or clock.now(), brands=Brands(brand))
    narrowed = replace(context, is_required=True, is_narrowed=_narrows(node))
    return _compile(node, narrowed, negated=False)


def _compile(node: Node, context: RuleContext, *, negated: bool) -> Q:
    # "Not" is pushed down to the rules: NOT (a AND EXISTS …) is a filter for every
    # row, NOT a OR NOT EXISTS … and NOT EXISTS … are joins to PostgreSQL.
    match node:
        case Rule():
            asked = replace(context, is_required=context.is_required and not negated)
            condition = node.kind.q(node, asked)
            return ~condition if negated else condition
        case Not(node=inner):
            return _compile(inner, context, negated=not negated)
        case All(nodes=()):
            # Not an empty Q: its negation would be everybody, too.
            return Q(pk__isnull=negated)
    is_all = isinstance(node, All) is not negated
    inside = context if is_all else replace(context, is_required=False)
    parts = [_compile(item, inside, negated=negated) for item in node.nodes]
    return reduce(and_ if is_all else or_, parts)


def _narrows(node: Node, *, negated: bool = False) -> bool:
    match node:
        case Rule():
            return node.kind.narrows(node) and not negated
        case Not(node=inner):
            return _narrows(inner, negated=not negated)
    quantify = any if isinstance(node, All) is not negated else all
    return quantify(_narrows(item, negated=negated) for item in node.nodes)
