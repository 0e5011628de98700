"""A test send reaches a colleague and takes nobody's place."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from sms_marketing import campaigns, contacts, sending
from sms_marketing.exceptions import InvalidPhone, NotSendable
from sms_marketing.models import Campaign, Contact, Message, VariantBody
from tests.factories import make_contact, make_purchase, make_segment

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


def test_an_audience_that_cannot_be_read_does_not_stop_a_test(campaign) -> None:
    campaign.segments.set([make_segment({"kind": "gone", "op": "is"})])

    message = campaigns.send_test(campaign, contact=make_contact(), by=None)

    assert message.context is None


def test_a_test_without_a_text_says_what_to_do(campaign) -> None:
    make_contact()
    campaign.variants.all().delete()

    with pytest.raises(NotSendable, match="write a text"):
        campaigns.send_test(campaign, phone="20123456", by=None)


def test_r9_a_stranger_reads_what_a_recipient_will_read(campaign, outbox) -> None:
    recipient = make_contact(first_name="Maksimiliāns", last_name="Bērziņš")
    shown = campaigns.preview(campaign, contact=recipient)

    message = campaigns.send_test(campaign, phone="20123456", by=None)
    sending.dispatch(seconds=5)

    assert outbox[-1].to == "+37120123456"
    assert outbox[-1].text == shown.text
    assert "Sveiki, Maksimiliāns!" in shown.text
    # Nothing of theirs but what the text says.
    assert message.context == {"first_name": "Maksimiliāns"}


def test_a_test_reads_as_for_the_one_who_was_chosen(campaign, outbox) -> None:
    make_contact(first_name="Maksimiliāns")
    chosen = make_contact(first_name="Jo", language="ru")
    variant = campaign.variants.get()
    VariantBody.objects.create(
        variant=variant, language="ru", text="Привет, {{ first_name }}!"
    )

    def text_of(**over: str) -> str:
        campaigns.send_test(campaign, phone="20123456", like=chosen, by=None, **over)
        sending.dispatch(seconds=5)
        return outbox[-1].text

    assert "Привет, Jo!" in text_of()
    assert "Sveiki, Jo!" in text_of(language="lv")


@pytest.mark.parametrize(
    "text",
    [
        "Pirkums {{ last_purchase.date }} par {{ last_purchase.amount | money }}",
        'Pirkums {{ last_purchase.date | date: "%d.%m." }}',
        "{{ full_name }}, {{ attributes.size }} {{ attributes.points | plus: 1 }}",
    ],
)
def test_r9_days_and_sums_of_a_recipient_read_the_same_in_a_test(
    campaign, outbox, text
) -> None:
    recipient = make_contact(attributes={"size": "M", "points": 4})
    bought = datetime(2026, 5, 3, 12, tzinfo=UTC)
    make_purchase(contact=recipient, amount=Decimal("12.5"), placed_at=bought)
    VariantBody.objects.update(text=text)
    shown = campaigns.preview(campaign, contact=recipient)

    campaigns.send_test(campaign, phone="20123456", like=recipient, by=None)
    sending.dispatch(seconds=5)

    assert shown.text
    assert outbox[-1].text == shown.text


@pytest.mark.parametrize("is_sent", [True, False])
def test_r11_a_test_that_showed_an_erased_person_forgets_them(
    campaign, outbox, is_sent
) -> None:
    shown = make_contact(first_name="Zelma")
    message = campaigns.send_test(campaign, phone="+37120999999", like=shown, by=None)
    if is_sent:
        sending.dispatch()

    contacts.erase(shown)

    message.refresh_from_db()
    assert (message.body, message.context) == ("", None)
    assert message.status == ("sent" if is_sent else "skipped")


def test_who_sent_it_is_logged(campaign, django_user_model, caplog) -> None:
    user = django_user_model.objects.create_user("ilze")

    with caplog.at_level("INFO"):
        campaigns.send_test(campaign, contact=make_contact(), by=user)

    assert f"by user {user.pk}" in caplog.text
