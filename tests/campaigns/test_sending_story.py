"""From draft to finished through the real sender: what was previewed is what left."""

from __future__ import annotations

import pytest

from sms_marketing import campaigns, sending
from sms_marketing.models import Campaign, CampaignStatus, MessageStatus, SkipReason
from tests.factories import make_campaign, make_contact, make_sender

pytestmark = pytest.mark.usefixtures("no_worker")

LINK = (
    "Sveiki, {{ first_name }}! Jaunumi: https://shop.test/new?c={{ city }} Līdz rītam"
)


@pytest.fixture
def campaign(brand, outbox):
    campaign = make_campaign(sender=make_sender(brand=brand))
    variant = campaign.variants.get()
    sending.save_body(variant, "lv", LINK)
    sending.save_body(variant, "en", "Hi {{ first_name }}, https://shop.test/new")
    return campaign


def run(campaign: Campaign) -> Campaign:
    campaigns.launch(campaign)
    assert campaigns.run_launch(campaign.pk)
    sending.dispatch(seconds=5)
    campaigns.finish_ready()
    campaign.refresh_from_db()
    return campaign


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["number", "name"])
@pytest.mark.parametrize("policy", ["keep", "punctuation", "strip"])
def test_r9_the_preview_is_what_leaves(campaign, outbox, kind, policy) -> None:
    campaign.sender.kind = kind
    campaign.sender.save()
    campaign.encoding_policy = policy
    campaign.save()
    people = [
        make_contact(first_name="Žanis"),
        make_contact(first_name="Eve", language="en"),
        make_contact(first_name="Ольга", language="ru"),
    ]
    shown = {
        person.pk: campaigns.preview(campaign, contact=person) for person in people
    }

    run(campaign)

    assert len(outbox) == 3
    sent = {item.message_id: item for item in outbox}
    for row in campaign.messages.all():
        preview, item = shown[row.contact_id], sent[row.pk]
        assert without_tokens(item.text) == without_tokens(preview.text)
        assert len(item.text) == len(preview.text)
        assert (item.part_count, item.encoding) == (
            preview.part_count,
            preview.encoding,
        )
        assert (row.part_count, row.price, row.currency) == (
            preview.part_count,
            preview.price,
            preview.currency,
        )
        assert row.language == preview.language


def without_tokens(text: str) -> str:
    head, *rest = text.split("https://shop.test/sms/")
    return head + "".join(piece[12:] for piece in rest)


@pytest.mark.django_db(transaction=True)
def test_a_campaign_finishes_and_its_figures_add_up(campaign, outbox) -> None:
    for _ in range(5):
        make_contact()
    make_contact(consent=False)
    make_contact(first_name="")

    run(campaign)

    assert campaign.status == CampaignStatus.FINISHED
    found = campaigns.progress(campaign)
    assert found.total == found.done == campaign.audience_count == 7
    assert (found.percent, found.eta_seconds) == (100, 0)
    assert len(outbox) == 5
    reasons = campaign.messages.exclude(skip_reason="")
    assert set(reasons.values_list("skip_reason", flat=True)) == {
        SkipReason.NO_CONSENT,
        SkipReason.MISSING_FIELD,
    }


@pytest.mark.django_db(transaction=True)
def test_a_paused_campaign_sends_nothing_and_resumes_with_nobody_twice(
    campaign, outbox
) -> None:
    people = [make_contact() for _ in range(4)]
    campaigns.launch(campaign)
    campaigns.run_launch(campaign.pk)
    campaigns.pause(campaign)

    sending.dispatch(seconds=2)
    assert outbox == []

    campaigns.resume(campaign)
    sending.dispatch(seconds=5)
    campaigns.pause(campaign)
    campaigns.resume(campaign)
    sending.dispatch(seconds=2)

    assert sorted(item.to for item in outbox) == sorted(p.phone for p in people)


@pytest.mark.django_db(transaction=True)
def test_a_canceled_campaign_sends_nothing_more(campaign, outbox) -> None:
    make_contact()
    campaigns.launch(campaign)
    campaigns.run_launch(campaign.pk)
    campaigns.cancel(campaign)

    sending.dispatch(seconds=2)

    assert outbox == []
    assert campaign.messages.get().status == MessageStatus.CANCELED


@pytest.mark.django_db(transaction=True)
def test_nothing_leaves_while_the_rows_are_being_written(campaign, outbox) -> None:
    for _ in range(3):
        make_contact()
    campaigns.launch(campaign)
    campaigns.run_launch(campaign.pk, seconds=0)
    Campaign.objects.update(status="launching")

    sending.dispatch(seconds=1)

    assert outbox == []


@pytest.mark.django_db(transaction=True)
def test_a_test_send_arrives_at_once_outside_the_hours(campaign, outbox) -> None:
    colleague = make_contact(consent=False)

    message = campaigns.send_test(campaign, contact=colleague, by=None)
    sending.dispatch(seconds=5)

    assert [item.message_id for item in outbox] == [message.pk]
    assert "Sveiki, Anna!" in outbox[0].text
