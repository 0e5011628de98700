"""Whom a campaign is for."""

from __future__ import annotations

from sms_marketing import campaigns
from sms_marketing.campaigns.audience import IdRange, audience
from tests.factories import make_campaign, make_contact, make_segment


def static(*members):
    segment = make_segment(kind="static")
    segment.members.set(members)
    return segment


def ids(queryset):
    return set(queryset.values_list("pk", flat=True))


def test_members_of_any_segment_and_of_no_excluded_one(sender) -> None:
    one, two, three, four = (make_contact() for _ in range(4))
    campaign = make_campaign(sender=sender, segment=static(one, two))
    campaign.segments.add(static(two, three, four))
    campaign.excluded_segments.add(static(four), static(one))

    assert ids(campaigns.audience(campaign)) == {two.pk, three.pk}


def test_someone_in_two_segments_is_one_member(sender) -> None:
    one = make_contact()
    campaign = make_campaign(sender=sender, segment=static(one))
    campaign.segments.add(static(one))

    assert campaigns.audience(campaign).count() == 1


def test_a_range_holds_its_upper_end_and_not_its_lower_one(sender) -> None:
    one, two, three = (make_contact() for _ in range(3))
    campaign = make_campaign(sender=sender, segment=static(one, two, three))
    rows = IdRange(after=one.pk, upto=two.pk)

    assert ids(audience(campaign, ids=rows)) == {two.pk}
    campaign.segments.add(static(one, two))
    assert ids(audience(campaign, ids=rows)) == {two.pk}


def test_no_segment_is_nobody(campaign) -> None:
    make_contact()
    campaign.segments.clear()

    assert not campaigns.audience(campaign).exists()


def test_counts_need_four_queries(campaign, django_assert_max_num_queries) -> None:
    make_contact()
    campaigns.funnel_counts(campaign)

    with django_assert_max_num_queries(4 + 3):  # and segments, excluded, variants
        counts = campaigns.funnel_counts(campaign)

    assert counts.will_receive == 1
