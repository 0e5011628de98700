"""Scheduling, taking back, copying; and the tick that launches what is due."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from sms_marketing import campaigns, sending, signals
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidTransition, NotSendable
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Contact,
    Sender,
)
from tests.factories import make_campaign, make_contact, make_segment

pytestmark = pytest.mark.usefixtures("no_worker")


@pytest.fixture
def planned(campaign):
    make_contact()
    campaign.schedule = Campaign.Schedule.LOCAL_TIME
    campaign.send_on = clock.now().date() + timedelta(days=3)
    campaign.send_time = time(10)
    campaign.save()
    return campaign


def make_due() -> None:
    Campaign.objects.update(due_at=clock.now() - timedelta(seconds=1))


def test_a_local_time_is_launched_for_its_earliest_zone(planned) -> None:
    make_contact(zone="Asia/Tokyo")
    make_contact(zone="Mars")

    campaigns.schedule(planned)

    midnight = datetime.combine(planned.send_on, time(1), tzinfo=clock.now().tzinfo)
    assert planned.status == CampaignStatus.SCHEDULED
    assert planned.due_at == midnight
    assert campaigns.launch_due() == 0


def test_at_once_is_due_at_once(campaign) -> None:
    make_contact()

    campaigns.schedule(campaign)

    assert campaigns.launch_due() == 1
    campaign.refresh_from_db()
    assert campaign.status == CampaignStatus.LAUNCHING


def test_a_plan_with_an_error_is_refused(planned) -> None:
    Campaign.objects.update(send_on=clock.now().date() - timedelta(days=3))
    planned.refresh_from_db()

    with pytest.raises(NotSendable, match="passed"):
        campaigns.schedule(planned)


def test_a_plan_can_be_taken_back(planned) -> None:
    campaigns.schedule(planned)

    campaigns.unschedule(planned)

    assert planned.status == CampaignStatus.DRAFT
    assert planned.due_at is None


def test_a_due_campaign_that_may_not_be_sent_says_why(planned) -> None:
    campaigns.schedule(planned)
    make_due()
    Sender.objects.update(is_enabled=False)

    assert campaigns.launch_due() == 0

    planned.refresh_from_db()
    assert planned.status == CampaignStatus.DRAFT
    assert "not in use for marketing" in planned.halt_reason
    assert planned.due_at is None


def test_r6_a_broken_campaign_does_not_hold_up_the_others(planned, caplog) -> None:
    campaigns.schedule(planned)
    broken = make_campaign(sender=planned.sender)
    campaigns.schedule(broken)
    make_due()
    # What no check foresees, because no form can write it.
    Campaign.objects.filter(pk=broken.pk).update(encoding_policy="oddly")

    assert campaigns.launch_due() == 1

    assert f"campaign {broken.pk} could not be launched" in caplog.text
    planned.refresh_from_db()
    assert planned.status == CampaignStatus.LAUNCHING


@pytest.mark.django_db(transaction=True)
def test_one_that_somebody_cancels_in_that_moment_is_no_error(brand, caplog) -> None:
    make_contact()
    first, second = make_campaign(), make_campaign()
    for each in (first, second):
        campaigns.schedule(each)

    def cancel_the_other(campaign, new_status, **kwargs):
        if new_status == CampaignStatus.LAUNCHING:
            for other in Campaign.objects.filter(status=CampaignStatus.SCHEDULED):
                campaigns.cancel(other)

    signals.campaign_moved.connect(cancel_the_other)
    try:
        assert campaigns.launch_due() == 1
    finally:
        signals.campaign_moved.disconnect(cancel_the_other)

    statuses = Campaign.objects.values_list("status", flat=True)
    assert sorted(statuses) == [CampaignStatus.CANCELED, CampaignStatus.LAUNCHING]
    assert "could not be launched" not in caplog.text


def test_a_copy_is_a_draft_with_the_same_texts_and_buckets_of_its_own(
    campaign, django_user_model
) -> None:
    make_contact()
    user = django_user_model.objects.create_user("ilze")
    variant = campaign.variants.get()
    sending.save_body(variant, "en", "Hi, see https://shop.test/sale")
    excluded = make_segment(name="Not they", kind="static")
    campaign.excluded_segments.add(excluded)
    campaigns.launch(campaign)

    copy = campaigns.duplicate(campaign, name="Again", by=user)

    assert (copy.status, copy.name) == (CampaignStatus.DRAFT, "Again")
    assert (copy.created_by, copy.created_by_name) == (user, "ilze")
    assert copy.salt != campaign.salt
    assert copy.launched_at is None
    assert set(copy.segments.all()) == set(campaign.segments.all())
    assert list(copy.excluded_segments.all()) == [excluded]
    twin = copy.variants.get()
    texts = dict(twin.bodies.values_list("language", "text"))
    assert texts == dict(variant.bodies.values_list("language", "text"))
    assert twin.bodies.get(language="en").links.get().url == "https://shop.test/sale"


def test_a_launched_campaign_is_not_scheduled_again(campaign) -> None:
    make_contact()
    campaigns.launch(campaign)

    with pytest.raises(InvalidTransition):
        campaigns.schedule(campaign)
    assert Contact.objects.count() == 1
