"""A test send reaches a colleague and takes nobody's place."""

from __future__ import annotations

import pytest

from sms_marketing import campaigns
from sms_marketing.exceptions import InvalidPhone, NotSendable
from sms_marketing.models import Campaign, Contact, Message
from tests.factories import make_contact

pytestmark = pytest.mark.usefixtures("no_worker")


def test_a_test_is_outside_the_campaign_and_its_figures(campaign, caplog) -> None:
    colleague = make_contact(consent=False)

    with caplog.at_level("INFO"):
        message = campaigns.send_test(campaign, contact=colleague, by=None)

    assert message.is_test
    assert message.campaign is None
    assert message.category == "transactional"
    assert message.variant == campaign.variants.get()
    assert message.sender == campaign.sender
    assert not Message.objects.real().exists()
    assert campaigns.progress(campaign).total == 0
    assert f"test of campaign {campaign.pk} queued" in caplog.text
    assert colleague.phone not in caplog.text


def test_a_test_does_not_take_the_place_in_the_campaign(campaign) -> None:
    colleague = make_contact()
    campaigns.send_test(campaign, contact=colleague, by=None)

    campaigns.launch(campaign)
    campaigns.run_launch(campaign.pk)

    assert campaign.messages.get().contact == colleague
    assert Campaign.objects.get(pk=campaign.pk).audience_count == 1


def test_a_number_that_nobody_knows_becomes_a_contact_without_consent(
    campaign,
) -> None:
    campaign.variants.get().bodies.update(text="Sveiki!")

    message = campaigns.send_test(campaign, phone="20 123 456", by=None)

    assert message.to_phone == "+37120123456"
    assert not Contact.objects.get().consent_states.exists()


def test_a_bad_number_is_refused(campaign) -> None:
    with pytest.raises(InvalidPhone):
        campaigns.send_test(campaign, phone="12", by=None)


def test_what_is_wrong_for_this_reader_is_told_at_once(campaign) -> None:
    with pytest.raises(NotSendable, match="first_name"):
        campaigns.send_test(campaign, phone="20123456", by=None)

    assert not Message.objects.exists()


def test_who_sent_it_is_logged(campaign, django_user_model, caplog) -> None:
    user = django_user_model.objects.create_user("ilze")

    with caplog.at_level("INFO"):
        campaigns.send_test(campaign, contact=make_contact(), by=user)

    assert f"by user {user.pk}" in caplog.text
