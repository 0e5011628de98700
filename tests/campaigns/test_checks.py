"""Every way in which a campaign can be wrong is found before it is sent, and told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import override_settings

from sms_marketing import campaigns
from sms_marketing.campaigns.checks import refuse_errors
from sms_marketing.core import clock
from sms_marketing.exceptions import NotSendable
from sms_marketing.models import (
    Brand,
    Campaign,
    Contact,
    Price,
    Sender,
    Variant,
    VariantBody,
)
from sms_marketing.timing import DAYS
from tests.factories import make_campaign, make_contact, make_purchase, make_segment


def found(campaign: Campaign) -> dict[str, campaigns.Problem]:
    fresh = Campaign.objects.get(pk=campaign.pk)
    return {problem.code: problem for problem in campaigns.check(fresh)}


def write(campaign: Campaign, text: str) -> None:
    VariantBody.objects.filter(variant__campaign=campaign).update(text=text)


@pytest.fixture
def sound(campaign):
    make_contact()
    return campaign


def test_a_sound_campaign_has_no_problem(sound) -> None:
    assert campaigns.check(sound) == []


def test_no_sender(sound) -> None:
    Campaign.objects.update(sender=None)

    assert found(sound)["no_sender"].field == "sender"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_enabled": False}, "sender_disabled"),
        ({"allows_marketing": False}, "sender_disabled"),
        ({"halted_at": clock.now()}, "sender_halted"),
    ],
    ids=str,
)
def test_a_sender_that_may_not_carry_it(sound, change, code) -> None:
    Sender.objects.update(**change)

    problem = found(sound)[code]

    assert problem.is_error
    assert sound.sender.address in problem.message


def test_a_sender_of_another_brand(sound) -> None:
    other = Brand.objects.create(name="Other", code="other")
    Sender.objects.update(brand=other)

    assert found(sound)["sender_of_another_brand"].is_error


@pytest.mark.parametrize(
    "over", [{"PUBLIC_URL": ""}, {"LINK_KEYS": {}}], ids=["no address", "no keys"]
)
def test_a_one_way_sender_without_a_link_has_no_way_out(sound, settings, over) -> None:
    Sender.objects.update(kind="name", address="VSTe")

    with override_settings(SMS_MARKETING={**settings.SMS_MARKETING, **over}):
        problems = found(sound)

    assert "PUBLIC_URL and LINK_KEYS" in problems["no_opt_out_way"].message


def test_a_one_way_sender_with_links_is_sound(sound) -> None:
    Sender.objects.update(kind="name", address="VSTe")

    assert found(sound) == {}


def test_no_text(sound) -> None:
    VariantBody.objects.filter(variant__campaign__isnull=False).delete()
    assert found(sound)["no_body"].field == "variants"

    Variant.objects.filter(campaign__isnull=False).delete()
    assert found(sound)["no_body"].is_error


def test_no_text_in_the_fallback_language(sound) -> None:
    VariantBody.objects.filter(variant__campaign__isnull=False).update(language="en")

    message = found(sound)["no_fallback_language"].message
    assert message.startswith("Latvian: No text yet.")


def test_a_language_unknown_to_django_is_told_by_its_code(sound) -> None:
    sound.brand.languages = ["ltg"]
    sound.brand.save()

    assert found(sound)["no_fallback_language"].message.startswith("ltg: ")


def test_of_several_variants_the_faulty_one_is_named(sound) -> None:
    other = Variant.objects.create(campaign=sound, name="B")
    assert found(sound)["no_body"].message.startswith("Variant B: ")

    VariantBody.objects.create(variant=other, language="lv", text="{{ nonsense }}")

    assert found(sound)["bad_body"].message.startswith("Variant B, Latvian: ")


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        ({}, "no_body"),
        ({"en": "Hi!"}, "no_fallback_language"),
        ({"lv": "{{ nonsense }}"}, "bad_body"),
        ({"lv": "ļ" * 600}, "too_many_parts"),
        ({"lv": "{{ city }}"}, None),
    ],
)
def test_texts_being_written_are_checked_instead_of_those_kept(
    sound, texts, code
) -> None:
    write(sound, "{{ of_the_kept_text }}")

    problems = campaigns.check(sound, texts=texts)

    assert [problem.code for problem in problems] == [code] * bool(code)


def test_a_text_being_written_stands_for_the_first_variant_only(sound) -> None:
    other = Variant.objects.create(campaign=sound, name="B")
    VariantBody.objects.create(variant=other, language="lv", text="{{ nonsense }}")

    (problem,) = campaigns.check(sound, texts={"lv": "Sveiki!"})

    assert problem.message.startswith("Variant B, Latvian: ")


def test_an_unknown_field_is_named_with_the_nearest_known_one(sound) -> None:
    write(sound, "Sveiki, {{ firstname }}!")

    message = found(sound)["bad_body"].message

    assert "firstname" in message
    assert "first_name" in message


def test_a_text_that_cannot_be_read_is_told_with_its_line(sound) -> None:
    write(sound, "Sveiki,\n{{ first_name ")

    problems = found(sound)

    assert set(problems) == {"bad_body"}
    assert "2" in problems["bad_body"].message


def test_rules_that_cannot_be_read_are_told_with_their_path(sound) -> None:
    sound.segments.update(rules={"all": [{"kind": "oddly"}]})

    assert "all[0]" in found(sound)["bad_rules"].message


def test_a_link_without_an_address_for_short_links(sound, settings) -> None:
    write(sound, "Skaties https://shop.test/sale šodien")
    over = {**settings.SMS_MARKETING, "LINK_KEYS": {}}

    with override_settings(SMS_MARKETING=over):
        assert found(sound)["no_link_address"].is_error


def test_too_many_parts_for_the_longest_name(sound) -> None:
    write(sound, "{{ first_name }}, " + "ļoti garš teksts " * 20)
    assert "too_many_parts" not in found(sound)

    make_contact(first_name="Ļ" * 80)

    problem = found(sound)["too_many_parts"]
    assert problem.is_error
    assert "6" in problem.message


def test_a_text_that_is_empty_for_somebody(sound) -> None:
    write(sound, "{% if city == 'Cēsis' %}Čau{% endif %}")

    assert found(sound)["render_error"].is_error


def test_no_audience_chosen(sound) -> None:
    sound.segments.clear()

    assert found(sound)["no_segment"].field == "segments"


def test_an_empty_audience(sender) -> None:
    campaign = make_campaign(sender=sender, segment=make_segment(kind="static"))

    assert found(campaign)["empty_segment"].is_error


def test_an_audience_that_never_agreed(campaign) -> None:
    make_contact(consent=False)

    assert found(campaign)["nobody_with_consent"].is_error


def test_recipients_who_lack_a_field_are_counted(sound) -> None:
    make_contact(first_name="", last_name="Ozols")
    make_contact(first_name="", last_name="")
    write(sound, "{{ first_name }} {{ full_name }} {{ city }}")

    problems = [p for p in campaigns.check(sound) if p.code == "missing_field"]

    assert [p.severity for p in problems] == ["warning", "warning"]
    assert "2 recipients have no first_name" in problems[0].message
    assert "1 recipient has no full_name" in problems[1].message


def test_attributes_and_purchases_that_are_not_known_are_counted(sound) -> None:
    known = make_contact(attributes={"points": 5})
    make_purchase(contact=known)
    write(sound, "{{ attributes.points }} {{ last_purchase.number }}")

    messages = [p.message for p in campaigns.check(sound)]

    assert len(messages) == 2
    assert "1 recipient has no attributes.points" in messages[0]
    assert "1 recipient has no last_purchase.number" in messages[1]


def test_a_field_with_a_fallback_is_missed_by_nobody(sound) -> None:
    make_contact(first_name="")
    write(sound, 'Sveiki, {{ first_name | default: "draugs" }}!')

    assert found(sound) == {}


def test_a_price_that_is_not_known_is_a_warning(sound) -> None:
    Price.objects.update(country="EE")
    problem = found(sound)["no_price"]
    assert not problem.is_error
    assert "LV" in problem.message

    Price.objects.update(country="LV")
    assert "no_price" not in found(sound)


def test_hours_that_never_open(sound) -> None:
    Brand.objects.update(hours=dict.fromkeys(DAYS))

    assert found(sound)["no_hours"].is_error


def test_hours_and_zones_that_cannot_be_read(sound) -> None:
    Brand.objects.update(hours={"mon": "9-20"})
    assert found(sound)["bad_hours"].is_error

    Brand.objects.update(zone="Mars")
    assert "Mars" in found(sound)["bad_brand_zone"].message


def test_a_plan_needs_a_time_that_is_still_to_come(sound) -> None:
    Campaign.objects.update(schedule="brand_time")
    assert found(sound)["no_time"].is_error

    yesterday = clock.now().date() - timedelta(days=1)
    Campaign.objects.update(send_on=yesterday, send_time="10:00")
    assert found(sound)["past"].is_error

    # Scheduled in time and launched late, after an outage, is not the marketer's fault.
    Campaign.objects.update(status="scheduled")
    assert "past" not in found(sound)


def test_a_time_outside_the_hours_is_a_warning(sound) -> None:
    tomorrow = clock.now().date() + timedelta(days=2)
    Campaign.objects.update(schedule="local_time", send_on=tomorrow, send_time="22:00")
    Brand.objects.update(hours={day: ["09:00", "20:00"] for day in DAYS})

    assert not found(sound)["outside_hours"].is_error


def test_all_errors_are_told_at_once_and_before_the_warnings(sound) -> None:
    Campaign.objects.update(sender=None)
    Price.objects.all().delete()
    VariantBody.objects.filter(variant__campaign__isnull=False).update(language="en")
    campaign = Campaign.objects.get()

    severities = [problem.severity for problem in campaigns.check(campaign)]
    with pytest.raises(NotSendable) as refusal:
        refuse_errors(campaign)

    assert severities == ["error", "error", "warning"]
    assert refusal.value.reason.count("\n") == 1


def test_no_personal_data_stands_in_a_problem(sound) -> None:
    write(sound, "{{ first_name }}, " + "ļoti garš teksts " * 40)
    person = Contact.objects.get()

    for problem in campaigns.check(sound):
        assert person.first_name not in problem.message
        assert person.phone not in problem.message
