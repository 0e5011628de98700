"""Who is in a segment, and how many."""

from __future__ import annotations

from typing import Any

import pytest

from sms_marketing import contacts, segments
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidRule
from sms_marketing.models import Brand, Contact, Segment, SegmentMember
from tests.factories import make_contact, make_segment

pytestmark = pytest.mark.django_db


def test_segment_without_rules_is_everybody_but_the_erased() -> None:
    kept, gone = make_contact(), make_contact()
    contacts.erase(gone)

    assert list(segments.audience(make_segment())) == [kept]
    assert list(segments.audience(make_segment({"not": CITY}))) == []


CITY = {"kind": "city", "op": "is", "value": "Rīga"}


def test_fixed_list_is_its_members_but_the_erased() -> None:
    kept, gone, _other = make_contact(), make_contact(), make_contact()
    lunch = make_segment(CITY, kind=Segment.Kind.STATIC)
    for contact in (kept, gone):
        SegmentMember.objects.create(segment=lunch, contact=contact)
    contacts.erase(gone)

    assert list(segments.audience(lunch)) == [kept]


def test_brand_and_instant_are_those_that_were_given() -> None:
    make_contact()
    nord = Brand.objects.create(name="Nord", code="nord")
    segment = make_segment({"kind": "consent", "op": "opted_in"})

    assert segments.audience(segment).count() == 1
    assert segments.audience(segment, brand=nord).count() == 0


def test_audience_is_asked_by_the_caller_in_one_query(
    django_assert_num_queries: Any,
) -> None:
    segment = make_segment({"all": [CITY, {"kind": "consent", "op": "opted_in"}]})
    brand = Brand.objects.get_default()

    with django_assert_num_queries(0):
        found = segments.audience(segment, brand=brand)
    with django_assert_num_queries(1):
        list(found)


def test_count_is_kept_with_the_segment() -> None:
    make_contact()
    segment = make_segment(CITY)
    before = Segment.objects.get().updated_at
    now = clock.now()

    assert segments.count(segment, now=now) == 1

    stored = Segment.objects.get()
    assert (stored.last_count, stored.last_counted_at) == (1, now)
    assert (segment.last_count, segment.last_counted_at) == (1, now)
    assert stored.updated_at == before


def test_count_takes_two_queries(django_assert_num_queries: Any) -> None:
    segment = make_segment(CITY)

    with django_assert_num_queries(2):
        segments.count(segment)


def test_segment_that_is_not_saved_can_be_counted() -> None:
    make_contact()

    assert segments.count(Segment(rules=CITY)) == 1
    assert not Segment.objects.exists()


def test_wrong_rules_are_refused_with_their_path() -> None:
    segment = make_segment({"all": [{**CITY, "op": "was"}]})

    with pytest.raises(InvalidRule) as caught:
        segments.audience(segment)

    assert caught.value.path == "all[0].op"
    assert Contact.objects.count() == 0
