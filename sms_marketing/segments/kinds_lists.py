"""Rules on what a contact is marked with: interests, tags, fixed lists."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms_marketing.contacts import key_of
from sms_marketing.models import ContactTag, Segment, SegmentMember
from sms_marketing.segments import phrases
from sms_marketing.segments.choices import fixed_list_options
from sms_marketing.segments.parameters import IdParameter, TextListParameter
from sms_marketing.segments.rules import (
    Operator,
    Rule,
    RuleContext,
    RuleKind,
    register_rule_kind,
)


class _MarkKind(RuleKind):
    """Rows of ``ContactTag``. Nobody's marks are missing: without any, has none."""

    mark: ClassVar[str]

    def q(self, rule: Rule, context: RuleContext) -> Q:
        keys = sorted({key_of(word) for word in rule.get("value")})
        marks = ContactTag.objects.filter(
            contact=OuterRef("pk"), kind=self.mark, key__in=keys
        )
        has = Q(Exists(marks))
        return has if rule.operator == "has" else ~has


def _mark_operators(example: str) -> tuple[Operator, Operator]:
    words = TextListParameter(
        name="value", label=_("any of"), example=example, help=_("One is enough.")
    )
    return (
        Operator(key="has", label=_("include any of"), parameters=(words,)),
        Operator(key="has_not", label=_("include none of"), parameters=(words,)),
    )


@register_rule_kind
class InterestKind(_MarkKind):
    """What the contact likes."""

    key = "interest"
    label = _("interests")
    help = _("Letter case does not matter; accents do.")
    mark = ContactTag.Kind.INTEREST
    operators = _mark_operators("kafija")

    def sentence(self, rule: Rule) -> str:
        words = {"words": phrases.either(rule.get("value"))}
        if rule.operator == "has":
            return gettext("is interested in %(words)s") % words
        return gettext("is not interested in %(words)s") % words


@register_rule_kind
class TagKind(_MarkKind):
    """What the site calls the contact."""

    key = "tag"
    label = _("tags")
    help = _("Letter case does not matter; accents do.")
    mark = ContactTag.Kind.TAG
    operators = _mark_operators("VIP")

    def sentence(self, rule: Rule) -> str:
        words = {"words": phrases.either(rule.get("value"))}
        if rule.operator == "has":
            return gettext("is tagged %(words)s") % words
        return gettext("is not tagged %(words)s") % words


@register_rule_kind
class FixedListKind(RuleKind):
    """Member of a segment that is a fixed list; a list that is gone has no members."""

    key = "fixed_list"
    label = _("fixed list")
    operators = (
        Operator(
            key="in",
            label=_("contains the contact"),
            parameters=(
                IdParameter(name="value", label=_("list"), options=fixed_list_options),
            ),
        ),
        Operator(
            key="not_in",
            label=_("does not contain the contact"),
            parameters=(
                IdParameter(name="value", label=_("list"), options=fixed_list_options),
            ),
        ),
    )

    def narrows(self, rule: Rule) -> bool:
        return rule.operator == "in"

    def q(self, rule: Rule, context: RuleContext) -> Q:
        rows = SegmentMember.objects.filter(
            contact=OuterRef("pk"), segment_id=rule.get("value")
        )
        is_member = Q(Exists(rows))
        return is_member if rule.operator == "in" else ~is_member

    def sentence(self, rule: Rule) -> str:
        lists = Segment.objects.filter(pk=rule.get("value"))
        name = lists.values_list("name", flat=True).first()
        facts = {"list": phrases.quoted(name or f"#{rule.get('value')}")}
        if rule.operator == "in":
            return gettext("is in the list %(list)s") % facts
        return gettext("is not in the list %(list)s") % facts
