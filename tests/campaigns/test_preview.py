"""What is previewed is what is sent (R9)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sms_marketing import campaigns, contacts, sending
from sms_marketing.campaigns.splitting import bucket_of
from sms_marketing.models import Campaign, Sender, Variant, VariantBody
from tests.factories import make_campaign, make_contact

pytestmark = pytest.mark.usefixtures("no_worker")


def test_a_preview_is_the_whole_message_with_parts_and_price(campaign) -> None:
    contact = make_contact(first_name="Anna")

    shown = campaigns.preview(campaign, contact=contact)

    assert shown.text.startswith("VSTe: Sveiki, Anna!")
    assert "STOP" in shown.text
    assert shown.language == "lv"
    assert shown.encoding == "GSM-7"
    assert shown.part_count == 1
    assert "".join(shown.parts) == shown.text
    assert (shown.price, shown.currency) == (Decimal("0.05"), "EUR")
    assert shown.problems == ()


def test_letters_that_cost_money_are_pointed_at(campaign) -> None:
    VariantBody.objects.filter(variant__campaign__isnull=False).update(
        text="Sveiki, jauna preču līnija"
    )

    shown = campaigns.preview(campaign, contact=make_contact())

    assert shown.encoding == "UCS-2"
    assert {letter.char for letter in shown.costly_letters} >= {"č", "ī"}


def test_the_variant_shown_is_the_one_that_this_contact_gets(campaign) -> None:
    other = Variant.objects.create(campaign=campaign, name="B", weight=100)
    VariantBody.objects.create(variant=other, language="lv", text="Variants B")
    people = [make_contact() for _ in range(12)]

    for person in people:
        shown = campaigns.preview(campaign, contact=person)
        is_second = bucket_of(campaign.salt, person.pk) >= "80000000"
        assert ("Variants B" in shown.text) == is_second


def test_texts_that_are_not_saved_yet_can_be_tried(campaign) -> None:
    wording = sending.wording_of({"lv": "Tikai mēģinu, {{ first_name }}"})

    shown = campaigns.preview(campaign, contact=make_contact(), variant=wording)

    assert "Tikai mēģinu, Anna" in shown.text


def test_a_missing_field_is_told_instead_of_a_text(campaign) -> None:
    shown = campaigns.preview(campaign, contact=make_contact(first_name=""))

    assert shown.text == ""
    assert shown.problems[0].code == "missing_field"
    assert "first_name" in shown.problems[0].message


def test_a_text_in_no_language_of_theirs(campaign) -> None:
    VariantBody.objects.filter(variant__campaign__isnull=False).update(language="xx")

    shown = campaigns.preview(campaign, contact=make_contact())

    assert shown.problems[0].code == "render_error"


def test_too_many_parts_are_shown_with_the_text(campaign) -> None:
    VariantBody.objects.filter(variant__campaign__isnull=False).update(text="ļ" * 600)

    shown = campaigns.preview(campaign, contact=make_contact())

    assert shown.problems[0].code == "too_many_parts"
    assert len(shown.parts) == shown.part_count > 6


def test_without_sender_or_text_the_next_step_is_told(campaign) -> None:
    contact = make_contact()
    Variant.objects.filter(campaign__isnull=False).delete()
    assert campaigns.preview(campaign, contact=contact).problems[0].code == "not_ready"

    empty = make_campaign(sender=campaign.sender)
    empty.sender = None
    assert campaigns.preview(empty, contact=contact).problems[0].code == "not_ready"


def test_samples_are_those_with_the_longest_names_who_agreed(campaign) -> None:
    make_contact(first_name="Jo")
    longest = make_contact(first_name="Maksimiliāns", last_name="Bērziņš-Kalniņš")
    make_contact(first_name="X" * 40, consent=False)

    shown = campaigns.preview_samples(campaign, n=2)

    assert [preview.contact.first_name for preview in shown] == [
        longest.first_name,
        "Jo",
    ]
    assert all(preview.text for preview in shown)


def test_samples_have_different_names_and_will_receive_it(campaign) -> None:
    twins = [make_contact(first_name="Aleksandrs") for _ in range(3)]
    short = make_contact(first_name="Jo")
    stopped = make_contact(first_name="Maksimiliāns")
    contacts.suppress(
        stopped.phone,
        scope="marketing",
        reason="staff",
        brand=campaign.brand,
    )

    def names(n: int) -> list[int]:
        return [c.pk for c in campaigns.sample_recipients(campaign, n=n)]

    assert names(2) == [twins[0].pk, short.pk]
    assert names(9) == [twins[0].pk, short.pk, twins[1].pk, twins[2].pk]


def test_samples_take_nobody_who_is_held_out_and_two_queries(
    campaign, django_assert_num_queries
) -> None:
    people = [make_contact(first_name=f"N{number}") for number in range(12)]
    campaign.holdout_percent = 50
    campaign.save()
    list(campaign.segments.all())

    with django_assert_num_queries(4):  # two of them read the segments' names
        found = campaigns.sample_recipients(campaign, n=12)

    held = [p for p in people if bucket_of(campaign.salt, p.pk) < "80000000"]
    assert held
    assert {c.pk for c in found} == {p.pk for p in people} - {p.pk for p in held}


def test_a_halted_or_one_way_sender_does_not_change_the_code_path(campaign) -> None:
    Sender.objects.update(kind="name", address="VSTe")
    fresh = Campaign.objects.get(pk=campaign.pk)

    shown = campaigns.preview(fresh, contact=make_contact())

    assert "https://shop.test/sms/" in shown.text
