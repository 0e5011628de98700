"""Three drafts in three languages, ready to be started."""

from __future__ import annotations

import pytest

from example_project.shop import sms_events
from sms_marketing import events, journeys, sending
from sms_marketing import text as letters
from sms_marketing.models import (
    Brand,
    Category,
    Journey,
    JourneyStatus,
    Link,
    VariantBody,
)
from tests import factories

pytestmark = pytest.mark.django_db

FACTS = {
    "number": "VS-7K2M4Q",
    "total": "19.90",
    "currency": "EUR",
    "url": "https://shop.test/o/abcdefgh",
}


def test_drafts_are_made_once_and_can_be_started() -> None:
    assert sms_events.CartEvents.open_filter
    made = journeys.ensure_ready_made()

    assert [journey.code for journey in made] == [
        "order_placed",
        "order_shipped",
        "cart_abandoned",
    ]
    assert journeys.ensure_ready_made() == []
    for journey in made:
        assert journey.status == JourneyStatus.DRAFT
        assert journeys.problems(journey) == []
        assert journeys.activate(journey).status == JourneyStatus.LIVE


def test_the_cart_reminder_is_marketing_with_a_guard_and_an_end() -> None:
    journeys.ensure_ready_made()
    cart = Journey.objects.get(code="cart_abandoned")

    assert cart.category == Category.MARKETING
    assert cart.guard == "shop.Cart.open"
    assert cart.exit_events == ["order_placed"]
    assert cart.restarts
    assert cart.steps.get(position=1).wait_seconds == 3600
    others = Journey.objects.exclude(pk=cart.pk)
    assert set(others.values_list("category", "guard")) == {("transactional", "")}


def test_a_draft_made_before_the_cart_was_bound_gets_its_guard_later() -> None:
    journeys.ensure_ready_made()
    Journey.objects.filter(code="cart_abandoned").update(guard="")

    journeys.ensure_ready_made()

    assert Journey.objects.get(code="cart_abandoned").guard == "shop.Cart.open"


def test_a_started_journey_is_left_as_it_is() -> None:
    journeys.ensure_ready_made()
    Journey.objects.update(guard="", status=JourneyStatus.LIVE, name="Ours")

    journeys.ensure_ready_made()

    assert set(Journey.objects.values_list("guard", "name")) == {("", "Ours")}


def test_a_site_without_carts_has_no_guard(monkeypatch) -> None:
    binding = events.registry.get("shop.Cart")
    events.registry.remove("shop.Cart")
    try:
        journeys.ensure_ready_made()
    finally:
        events.registry.add("shop.Cart", binding)

    assert set(Journey.objects.values_list("guard", flat=True)) == {""}


def test_another_brand_has_its_own() -> None:
    journeys.ensure_ready_made()
    other = Brand.objects.create(name="Other", code="other")

    made = journeys.ensure_ready_made(other)

    assert made[0].code == "other-order_placed"
    assert Journey.objects.count() == 6


def test_latvian_and_english_texts_cost_one_part_each() -> None:
    journeys.ensure_ready_made()
    context = {"event": FACTS, "order": FACTS, "cart": FACTS, "first_name": "Anna"}

    bodies = VariantBody.objects.filter(variant__step__isnull=False)
    assert bodies.count() == 9
    for body in bodies:
        text = letters.compile_body(body.text).render(context)
        count = letters.count(f"Veikals: {text}")
        if body.language in {"lv", "en"}:
            assert (count.encoding, count.parts) == (letters.Encoding.GSM_7, 1), (
                body.text
            )
        assert FACTS["url"] in text


def test_texts_do_without_a_name_and_an_address() -> None:
    journeys.ensure_ready_made()
    bare = {"number": "1", "total": "1.00", "currency": "EUR"}

    for body in VariantBody.objects.filter(variant__step__isnull=False):
        text = letters.compile_body(body.text).render(
            {"order": bare, "cart": bare, "event": bare}
        )
        assert "{{" not in text
    assert not Link.objects.exists()
    assert factories.make_contact()
    assert sending.known_fields
