"""What is previewed is what is sent, counted and paid (R9)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sms_marketing import sending, text
from sms_marketing.exceptions import ConfigurationError, InvalidBody, MissingField
from sms_marketing.models import (
    Category,
    EncodingPolicy,
    Journey,
    Message,
    Price,
    Sender,
    SkipReason,
    Step,
    Variant,
    VariantBody,
)
from tests import factories
from tests.sending.conftest import add_message, dispatch, sending_campaign

pytestmark = pytest.mark.django_db
LINKED = "Sveiki, {{ first_name }}! https://shop.test/a?x={{ city }}"


def prepare(variant, contact, sender, **over):
    return sending.prepare(variant, contact=contact, sender=sender, **over)


@pytest.mark.parametrize("kind", [Sender.Kind.NAME, Sender.Kind.NUMBER], ids=str)
def test_r9_the_preview_is_what_is_sent_counted_and_paid(provider, brand, kind):
    sender = factories.make_sender(brand=brand, kind=kind)
    campaign = sending_campaign(sender, 0)
    variant = campaign.variants.get()
    sending.save_body(variant, language="lv", text=LINKED + " " + "ā" * 60)
    contact = factories.make_contact(first_name="Žanete")
    message = add_message(campaign, contact=contact)

    placeholder = prepare(variant, contact, sender)
    previewed = prepare(variant, contact, sender, message_id=message.pk)
    dispatch()

    message.refresh_from_db()
    assert provider.outbox[0].text == message.body == previewed.text
    assert message.part_count == previewed.part_count == placeholder.part_count
    assert message.price == previewed.price == placeholder.price
    assert message.currency == previewed.currency == "EUR"
    assert message.language == previewed.language == "lv"
    assert len(placeholder.text) == len(previewed.text)
    assert text.PLACEHOLDER_TOKEN in placeholder.text
    assert previewed.links == ("https://shop.test/a?x={{ city }}",)
    assert previewed.encoding == text.Encoding.UCS_2


def test_links_carry_the_place_of_their_row(provider, campaign, contact):
    variant = campaign.variants.get()
    body = sending.save_body(variant, language="lv", text=LINKED)
    body.links.update(position=4)

    made = prepare(variant, contact, campaign.sender, message_id=77)

    token = made.text.split("https://shop.test/sms/")[1][: text.TOKEN_LENGTH]
    found = text.read_token(token, keys={0: "test-link-key-of-32-characters-xx"})
    assert (found.message_id, found.position) == (77, 4)


def test_a_one_way_sender_offers_the_link_and_a_two_way_one_the_word(brand, contact):
    name = factories.make_sender(brand=brand, kind=Sender.Kind.NAME)
    number = factories.make_sender(brand=brand)
    wording = sending.wording_of({"lv": "Atlaides!"})

    assert prepare(wording, contact, number).text == (
        "VSTe: Atlaides!\nAtteikties: STOP"
    )
    assert prepare(wording, contact, name).text == (
        f"VSTe: Atlaides!\nAtteikties: https://shop.test/sms/{text.PLACEHOLDER_TOKEN}"
    )


def test_the_brands_own_short_address_is_used(brand, contact):
    brand.link_base_url = "https://vst.lv/s/"
    brand.save()
    sender = factories.make_sender(brand=brand, kind=Sender.Kind.NAME)

    made = prepare(sending.wording_of({"lv": "Atlaides!"}), contact, sender)

    assert f"https://vst.lv/s/{text.PLACEHOLDER_TOKEN}" in made.text


def test_only_marketing_carries_brand_and_way_out(sender, contact):
    wording = sending.wording_of({"lv": "Kods 1234"}, category=Category.OTP)

    assert prepare(wording, contact, sender).text == "Kods 1234"


@pytest.mark.parametrize(
    ("wanted", "written", "said"),
    [
        ("ru", "ru", "Привет"),
        ("ru-RU", "ru", "Привет"),
        ("et", "lv", "Sveiki"),  # the brand's first language that is written
        ("", "lv", "Sveiki"),
    ],
)
def test_the_language_is_theirs_else_the_brands(sender, wanted, written, said):
    contact = factories.make_contact(language=wanted)
    wording = sending.wording_of(
        {"lv": "Sveiki", "ru": "Привет"}, category=Category.TRANSACTIONAL
    )

    made = prepare(wording, contact, sender)

    assert (made.language, made.text) == (written, said)


def test_no_language_of_theirs_or_ours_leaves_them_out(sender, contact):
    with pytest.raises(sending.LeftOut) as caught:
        prepare(sending.wording_of({"de": "Hallo"}), contact, sender)

    assert caught.value.skip_reason == SkipReason.NO_LANGUAGE
    assert "language" in caught.value.reason


def test_a_text_that_cannot_be_read_concerns_its_language_only(sender, contact):
    wording = sending.wording_of({"lv": "{{ broken", "ru": "Привет"})

    with pytest.raises(InvalidBody, match="never closed"):
        prepare(wording, contact, sender)
    assert "Привет" in prepare(wording, contact, sender, language="ru").text


def test_a_missing_field_is_named(sender, contact):
    with pytest.raises(MissingField, match="last_name"):
        prepare(sending.wording_of({"lv": "{{ last_name }}"}), contact, sender)


def test_fields_of_the_event_come_with_the_message(sender, contact):
    wording = sending.wording_of(
        {"lv": "{{ order.number }} {{ brand.name }}"}, category=Category.TRANSACTIONAL
    )

    made = prepare(wording, contact, sender, context={"order": {"number": "A-7"}})

    assert made.text == "A-7 VSTe"


def test_r9_an_empty_field_at_the_end_leaves_no_space_behind(sender, contact):
    wording = sending.wording_of(
        {"lv": "{{ order.total }} EUR. {{ order.url | default: '' }}"},
        category=Category.TRANSACTIONAL,
    )

    made = prepare(wording, contact, sender, context={"order": {"total": "19.90"}})

    assert made.text == "19.90 EUR."


@pytest.mark.parametrize(
    ("policy", "said", "parts"),
    [
        (EncodingPolicy.KEEP, "„Rīts” …", 2),
        (EncodingPolicy.PUNCTUATION, '"Rīts" ...', 2),
        (EncodingPolicy.STRIP, '"Rits" ...', 1),
    ],
    ids=str,
)
def test_the_policy_decides_about_the_letters(sender, contact, policy, said, parts):
    wording = sending.wording_of(
        {"lv": "„Rīts” …" + "x" * 65}, policy=policy, category=Category.TRANSACTIONAL
    )

    made = prepare(wording, contact, sender)

    assert made.text == said + "x" * 65
    assert made.part_count == parts


def test_the_owner_of_a_variant_decides_policy_and_category(brand, sender, contact):
    journey = Journey.objects.create(
        brand=brand,
        code="j",
        name="J",
        category=Category.TRANSACTIONAL,
        trigger_event="e",
        encoding_policy=EncodingPolicy.STRIP,
    )
    step = Step.objects.create(journey=journey, position=1, kind=Step.Kind.SEND)
    variant = Variant.objects.create(step=step)
    VariantBody.objects.create(variant=variant, language="lv", text="Rīts")

    assert prepare(variant, contact, sender).text == "Rits"


def test_too_many_parts_are_shown_and_marked(sender, contact, configure):
    configure(MAX_PARTS=1)

    made = prepare(sending.wording_of({"lv": "x" * 200}), contact, sender)

    assert made.part_count == 2
    assert made.skip_reason == SkipReason.TOO_MANY_PARTS
    assert prepare(sending.wording_of({"lv": "x"}), contact, sender).skip_reason is None


def test_an_unknown_price_is_none_and_not_nothing(sender, contact):
    Price.objects.all().delete()

    made = prepare(sending.wording_of({"lv": "x"}), contact, sender)

    assert (made.price, made.currency) == (None, "")


def test_the_price_is_for_all_parts(sender, contact):
    made = prepare(sending.wording_of({"lv": "x" * 200}), contact, sender)

    assert made.price == Decimal("0.10")


def test_links_without_an_address_or_a_key_say_what_to_set(brand, contact, configure):
    sender = factories.make_sender(brand=brand, kind=Sender.Kind.NAME)
    wording = sending.wording_of({"lv": "Atlaides!"})

    configure(PUBLIC_URL="")
    with pytest.raises(ConfigurationError, match="PUBLIC_URL"):
        prepare(wording, contact, sender)

    configure(LINK_KEYS={})
    with pytest.raises(ConfigurationError, match="LINK_KEYS"):
        prepare(wording, contact, sender, message_id=1)


def test_a_finished_text_is_sent_as_it_was_written(provider, sender):
    factories.make_message(sender=sender, body="Pretī — {{ nav }}")

    dispatch()

    assert Message.objects.get().body == "Pretī - {{ nav }}"
