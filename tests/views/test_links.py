"""Short links lead where the marketer pointed, and count who came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from sms_marketing import contacts, sending, text
from sms_marketing.conf import settings
from sms_marketing.core import clock
from sms_marketing.models import Category, Click, MessageStatus, Priority, Suppression
from tests.factories import make_campaign, make_contact, make_message

pytestmark = pytest.mark.django_db
BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone) AppleWebKit/605 Version/18.5 Safari/604",
    "Accept-Language": "lv",
}
TARGET = "https://shop.test/sale?for={{ city }}"


@pytest.fixture
def message():
    campaign = make_campaign()
    variant = campaign.variants.get()
    sending.save_body(variant, language="lv", text=f"Sveiki! {TARGET}")
    return make_message(
        contact=make_contact(city="Cēsis"),
        campaign=campaign,
        sender=campaign.sender,
        variant=variant,
        category=Category.MARKETING,
        priority=Priority.MARKETING,
        status=MessageStatus.SENT,
        sent_at=clock.now() - timedelta(hours=1),
    )


def token_of(message, position: int) -> str:
    return text.make_token(
        message_id=message.pk, position=position, keys=settings().LINK_KEYS
    )


def test_a_person_is_led_on_and_counted(client, message):
    answer = client.get(f"/sms/{token_of(message, 0)}", headers=BROWSER)

    assert answer.status_code == 302
    assert answer["Location"] == "https://shop.test/sale?for=C%C4%93sis"
    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    click = Click.objects.get()
    assert (click.message, click.contact, click.is_bot) == (
        message,
        message.contact,
        False,
    )


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("head", BROWSER),
        ("get", {**BROWSER, "Sec-Purpose": "prefetch"}),
        ("get", {**BROWSER, "User-Agent": "facebookexternalhit/1.1"}),
        ("get", {}),
    ],
    ids=["HEAD", "prefetch", "preview", "no user agent"],
)
def test_a_machine_is_answered_alike_but_marked(client, message, method, headers):
    answer = getattr(client, method)(f"/sms/{token_of(message, 0)}", headers=headers)

    assert answer.status_code == 302
    assert Click.objects.get().is_bot


def test_forged_cut_and_unknown_tokens_lead_nowhere(client, message):
    token = token_of(message, 0)
    forged = ("a" if token[0] != "a" else "b") + token[1:]

    for wrong in (forged, token[:-1], token + "x", token_of(message, 5), "x" * 12):
        answer = client.get(f"/sms/{wrong}", headers=BROWSER)
        assert answer.status_code == 404
        assert "form" not in answer.content.decode()
    assert not Click.objects.exists()


def test_the_opt_out_link_shows_its_page(client, message):
    token = token_of(message, text.OPT_OUT_POSITION)

    assert client.get(f"/sms/{token}")["Location"] == f"/sms/o/{token}"


def test_r8_looking_at_the_opt_out_page_changes_nothing(client, message):
    url = f"/sms/o/{token_of(message, text.OPT_OUT_POSITION)}"

    for method in (client.get, client.head):
        assert method(url).status_code == 200
    assert not Suppression.objects.exists()
    assert 'method="post"' in client.get(url).content.decode()


@pytest.mark.parametrize(
    ("scope", "kept"), [("marketing", "marketing"), ("all", "all_but_otp")]
)
def test_one_press_stops_it(client, message, scope, kept):
    url = f"/sms/o/{token_of(message, text.OPT_OUT_POSITION)}"

    for _time in range(2):
        answer = client.post(url, {"scope": scope})
        assert answer.status_code == 200

    suppression = Suppression.objects.active().get(scope=kept)
    assert suppression.phone_hash == message.contact.phone_hash
    status = contacts.consent_status(message.contact, brand=message.brand)
    assert status == "opted_out"


def test_r1_a_browser_without_cookies_can_press(message):
    """Browsers send "Origin: null" from a no-referrer page; Django refuses that."""
    url = f"/sms/o/{token_of(message, text.OPT_OUT_POSITION)}"
    strict = Client(enforce_csrf_checks=True)

    page = strict.get(url)
    answer = strict.post(url, {"scope": "marketing"}, headers={"Origin": "null"})

    assert page["Referrer-Policy"] == "no-referrer"
    assert not page.cookies
    assert answer.status_code == 200
    assert Suppression.objects.active().exists()


def test_r1_a_press_counts_when_retention_has_blanked_the_message(client, message):
    message.to_phone = ""
    message.save()

    client.post(f"/sms/o/{token_of(message, text.OPT_OUT_POSITION)}")

    status = contacts.consent_status(message.contact, brand=message.brand)
    assert status == "opted_out"


def test_a_link_token_opens_no_opt_out_page(client, message):
    assert client.post(f"/sms/o/{token_of(message, 0)}").status_code == 404
    assert client.post("/sms/o/nonsense").status_code == 404


def test_an_erased_person_sees_the_page_and_stays_suppressed(client, message):
    url = f"/sms/o/{token_of(message, text.OPT_OUT_POSITION)}"
    contacts.erase(message.contact)

    assert client.post(url, {"scope": "marketing"}).status_code == 200
