"""Texts are saved with their links, and an old SMS still leads home."""

from __future__ import annotations

import pytest

from sms_marketing import contacts, sending
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidBody
from sms_marketing.models import (
    CampaignStatus,
    Category,
    Enrollment,
    Journey,
    Link,
    Step,
    Variant,
)
from tests import factories
from tests.sending.conftest import add_message

pytestmark = pytest.mark.django_db
SHOP = "https://shop.test"


@pytest.fixture
def variant(campaign):
    return campaign.variants.get()


def save(variant, text, language="lv"):
    return sending.save_body(variant, language=language, text=text)


def links(body):
    return dict(body.links.values_list("position", "url"))


def test_saving_writes_the_text_and_its_links(variant):
    body = save(variant, f"Sveiki! {SHOP}/a un {SHOP}/b un {SHOP}/a")

    assert links(body) == {0: f"{SHOP}/a", 1: f"{SHOP}/b"}
    again = save(variant, "Bez saites")
    assert again.pk == body.pk
    assert again.text == "Bez saites"
    assert links(again) == {}


def test_saving_the_same_text_again_keeps_its_links(variant):
    text = f"Lūk {SHOP}/a"
    first = save(variant, text).links.get()

    assert save(variant, text).links.get() == first


def test_each_language_has_a_text_of_its_own(variant):
    save(variant, "Привет", language="ru")

    assert set(variant.bodies.values_list("language", flat=True)) == {"lv", "ru"}


def test_a_draft_reuses_the_places_of_links(variant):
    for number in range(10):
        body = save(variant, f"Lūk {SHOP}/{number}")

    assert links(body) == {0: f"{SHOP}/9"}


def test_once_it_may_be_out_a_place_is_never_given_to_another_address(
    campaign, variant
):
    save(variant, f"Lūk {SHOP}/a")
    campaign.status, campaign.audience_count = CampaignStatus.PAUSED, 1
    campaign.save()
    variant.refresh_from_db()

    body = save(variant, f"Lūk {SHOP}/b")

    assert links(body) == {0: f"{SHOP}/a", 1: f"{SHOP}/b"}
    for number in range(5):
        save(variant, f"Lūk {SHOP}/{number}")
    with pytest.raises(InvalidBody, match="new variant"):
        save(variant, f"Lūk {SHOP}/one-too-many")
    # Nothing of the refused text was kept.
    assert variant.bodies.get(language="lv").text == f"Lūk {SHOP}/4"


def test_an_unknown_field_is_refused_by_name(variant):
    with pytest.raises(InvalidBody, match="first_nam"):
        save(variant, "Sveiki, {{ first_nam }}!")


def step_variant(brand):
    journey = Journey.objects.create(
        brand=brand,
        code="order",
        name="Order",
        category=Category.TRANSACTIONAL,
        trigger_event="order_placed",
    )
    step = Step.objects.create(journey=journey, position=1, kind=Step.Kind.SEND)
    return Variant.objects.create(step=step)


def test_fields_of_the_event_are_for_journeys(brand, variant):
    text = "Pasūtījums {{ order.number }}"
    save(step_variant(brand), text)

    with pytest.raises(InvalidBody, match=r"order\.number"):
        save(variant, text)


def test_a_journey_that_somebody_is_on_keeps_its_links(brand, contact):
    variant = step_variant(brand)
    save(variant, f"Lūk {SHOP}/a")
    Enrollment.objects.create(
        journey=variant.step.journey,
        contact=contact,
        key="1",
        due_at=clock.now(),
        entered_at=clock.now(),
    )

    assert links(save(variant, f"Lūk {SHOP}/b")) == {0: f"{SHOP}/a", 1: f"{SHOP}/b"}


# Where a link leads


def target(message, position=0):
    return sending.find_link_target(message.pk, position=position)


def test_a_link_leads_to_its_address(campaign, variant):
    save(variant, f"Lūk {SHOP}/a un {SHOP}/b")
    message = add_message(campaign)

    found = target(message, 1)

    assert (found.url, found.message) == (f"{SHOP}/b", message)
    assert found.link == Link.objects.get(position=1)


def test_a_links_fields_are_filled_in_for_the_contact(campaign, variant):
    save(variant, f"Lūk {SHOP}/hi?name={{{{ first_name }}}}&b={{{{ brand.name }}}}")
    message = add_message(campaign, contact=factories.make_contact(first_name="Ņina"))

    assert target(message).url == f"{SHOP}/hi?name=%C5%85ina&b=VSTe"


@pytest.mark.parametrize(
    ("address", "left"),
    [
        (f"{SHOP}/hi?name={{{{ first_name }}}}", f"{SHOP}/hi"),
        (f"{SHOP}/{{{{ first_name }}}}/hi", SHOP),
    ],
)
def test_an_erased_persons_link_still_opens_the_site(campaign, variant, address, left):
    save(variant, f"Lūk {address}")
    message = add_message(campaign)
    contacts.erase(message.contact)

    assert target(message).url == left


def test_the_language_that_was_sent_decides_whose_links_these_are(campaign, variant):
    save(variant, f"Lūk {SHOP}/lv")
    save(variant, f"Вот {SHOP}/ru", language="ru")

    assert target(add_message(campaign, language="ru")).url == f"{SHOP}/ru"
    assert target(add_message(campaign, language="et")).url == f"{SHOP}/lv"


def test_what_is_not_known_any_more_leads_nowhere(campaign, variant, sender):
    message = add_message(campaign)

    assert target(message, 6) is None
    assert target(factories.make_message(sender=sender)) is None
    assert sending.find_link_target(999_999_999, position=0) is None
    variant.bodies.all().delete()
    assert target(message) is None
