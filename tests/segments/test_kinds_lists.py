"""Rules on interests, tags and fixed lists."""

from __future__ import annotations

import pytest

from sms_marketing import segments
from sms_marketing.models import Contact, ContactTag, Segment, SegmentMember
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def ask(rules: object) -> set[Contact]:
    return set(Contact.objects.filter(segments.compile_rules(rules)))


def test_one_interest_of_several_is_enough_and_counts_once() -> None:
    both = make_contact(interests=["Kafija", "Tēja"], consent=False)
    none = make_contact(consent=False)
    rule = {"kind": "interest", "op": "has", "value": ["KAFIJA", "tēja", "x"]}

    assert list(Contact.objects.filter(segments.compile_rules(rule))) == [both]
    assert ask({**rule, "op": "has_not"}) == {none}
    assert ask({**rule, "value": ["teja"]}) == set()


def test_an_interest_is_no_tag() -> None:
    contact = make_contact(tags=["VIP"], consent=False)
    assert ContactTag.objects.get().kind == ContactTag.Kind.TAG

    assert ask({"kind": "tag", "op": "has", "value": ["vip"]}) == {contact}
    assert ask({"kind": "interest", "op": "has", "value": ["vip"]}) == set()


def test_members_of_a_fixed_list_and_of_one_that_is_gone() -> None:
    member, other = make_contact(consent=False), make_contact(consent=False)
    lunch = Segment.objects.create(name="Lunch", kind=Segment.Kind.STATIC)
    SegmentMember.objects.create(segment=lunch, contact=member)
    rule = {"kind": "fixed_list", "op": "in", "value": lunch.pk}

    assert ask(rule) == {member}
    assert ask({**rule, "op": "not_in"}) == {other}
    lunch.delete()
    assert ask(rule) == set()
    assert ask({**rule, "op": "not_in"}) == {member, other}
