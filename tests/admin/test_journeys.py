"""Journeys: texts are checked where they are written, and one press starts them."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from sms_marketing.models import Journey, JourneyStatus, Step
from tests.admin.test_contacts import client_with
from tests.factories import make_sender

pytestmark = pytest.mark.django_db


@pytest.fixture
def journey(brand) -> Journey:
    make_sender(brand=brand)
    return Journey.objects.get(code="cart_abandoned")


def url(journey: Journey, verb: str = "change") -> str:
    return f"/admin/sms_marketing/journey/{journey.pk}/{verb}/"


def filled(journey: Journey, **over: object) -> dict[str, object]:
    wait = journey.steps.get(kind=Step.Kind.WAIT)
    send = journey.steps.get(kind=Step.Kind.SEND)
    texts = {
        f"text_{send.pk}_{body.language}": body.text
        for body in send.variants.get().bodies.all()
    }
    return {
        "name": journey.name,
        "category": journey.category,
        "trigger_event": journey.trigger_event,
        "conditions": "{}",
        "exit_events": '["order_placed"]',
        "restarts": "on",
        "guard": journey.guard,
        "encoding_policy": "punctuation",
        f"wait_{wait.pk}": 30,
        **texts,
        **over,
    }


def text_name(journey: Journey, language: str) -> str:
    return f"text_{journey.steps.get(kind=Step.Kind.SEND).pk}_{language}"


def test_waits_and_texts_are_saved(admin_client, journey):
    name = text_name(journey, "en")

    answer = admin_client.post(
        url(journey), filled(journey, **{name: "Come back! https://shop.test/cart"})
    )

    assert answer.status_code == 302
    send = journey.steps.get(kind=Step.Kind.SEND)
    body = send.variants.get().bodies.get(language="en")
    assert body.text.startswith("Come back!")
    assert body.links.get().url == "https://shop.test/cart"
    assert journey.steps.get(kind=Step.Kind.WAIT).wait_seconds == 1800


def test_an_emptied_text_is_taken_out(admin_client, journey):
    admin_client.post(url(journey), filled(journey, **{text_name(journey, "ru"): " "}))

    bodies = journey.steps.get(kind=Step.Kind.SEND).variants.get().bodies
    assert set(bodies.values_list("language", flat=True)) == {"lv", "en"}


@pytest.mark.parametrize("text", ["{{ frist_name }}", "{{ first_name", "{% for x %}"])
def test_a_wrong_text_is_told_at_its_field_and_kept(admin_client, journey, text):
    name = text_name(journey, "en")

    answer = admin_client.post(url(journey), filled(journey, **{name: text}))

    assert answer.status_code == 200
    assert name in answer.context["adminform"].form.errors
    assert answer.context["adminform"].form[name].value() == text


def test_start_and_pause(admin_client, journey):
    admin_client.post(url(journey, "start"))
    journey.refresh_from_db()
    assert journey.status == JourneyStatus.LIVE

    again = admin_client.post(url(journey, "start"), follow=True)
    assert again.status_code == 200

    admin_client.post(url(journey, "pause"))
    journey.refresh_from_db()
    assert journey.status == JourneyStatus.PAUSED


def test_a_journey_that_cannot_start_says_what_is_missing(admin_client, journey):
    journey.steps.filter(kind=Step.Kind.SEND).get().variants.get().bodies.all().delete()

    page = admin_client.post(url(journey, "start"), follow=True).content.decode()

    journey.refresh_from_db()
    assert journey.status == JourneyStatus.DRAFT
    assert "errorlist" in page or 'class="error"' in page


def test_starting_needs_its_permission_a_post_and_a_token(journey):
    editor = client_with("view_journey", "change_journey")

    assert editor.post(url(journey, "start")).status_code == 403
    get_user_model().objects.all().delete()
    operator = client_with("view_journey", "operate_journey")
    assert operator.get(url(journey, "start")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get())
    assert strict.post(url(journey, "start")).status_code == 403
    assert operator.post(url(journey, "start")).status_code == 302


def test_viewers_see_texts_and_change_nothing(journey):
    viewer = client_with("view_journey")

    assert viewer.get(url(journey)).status_code == 200
    assert viewer.post(url(journey), filled(journey)).status_code == 403


def test_nobody_adds_or_deletes_journeys_here(admin_client, journey):
    assert admin_client.get("/admin/sms_marketing/journey/").status_code == 200
    assert admin_client.get("/admin/sms_marketing/journey/add/").status_code == 403
    assert admin_client.post(url(journey, "delete")).status_code == 403
