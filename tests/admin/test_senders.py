"""Brands and senders: wrong hours, zones and names are told at their fields."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from sms_marketing.core import clock
from sms_marketing.models import Brand, Sender
from tests.admin.people import signed_in
from tests.factories import ALWAYS, make_sender

pytestmark = pytest.mark.django_db
PRICES = {"prices-TOTAL_FORMS": 0, "prices-INITIAL_FORMS": 0}


def post_brand(admin_client, brand: Brand, **over: object):
    form = {
        "name": "VSTe",
        "code": "default",
        "languages": '["lv", "en"]',
        "zone": "Europe/Riga",
        "region": "LV",
        "hours": json.dumps(ALWAYS),
        "help_text": "{}",
        "currency": "EUR",
        "click_window_hours": 120,
        "delivery_window_hours": 24,
        **over,
    }
    return admin_client.post(f"/admin/sms_marketing/brand/{brand.pk}/change/", form)


def test_a_brand_is_saved(admin_client, brand):
    assert post_brand(admin_client, brand, name="Vejs").status_code == 302
    brand.refresh_from_db()
    assert (brand.name, brand.is_default) == ("Vejs", True)


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"zone": "Europe/Atlantis"}, "zone"),
        ({"hours": '{"mon": "all day"}'}, "hours"),
        ({"hours": '{"mon": ["25:00", "26:00"]}'}, "hours"),
        ({"link_base_url": "not an address"}, "link_base_url"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_at_its_field(admin_client, brand, over, field):
    answer = post_brand(admin_client, brand, **over)

    assert answer.status_code == 200
    assert field in answer.context["adminform"].form.errors


def test_the_default_brand_is_not_deleted(admin_client, brand):
    url = f"/admin/sms_marketing/brand/{brand.pk}/delete/"

    assert admin_client.post(url, {"post": "yes"}).status_code == 403


def add_sender(admin_client, brand: Brand, **over: object):
    form = {
        "brand": brand.pk,
        "kind": "name",
        "address": "VejsSals",
        "provider": "default",
        "is_enabled": "on",
        "allows_marketing": "on",
        "priority": 10,
        **PRICES,
        **over,
    }
    return admin_client.post("/admin/sms_marketing/sender/add/", form)


def test_a_sender_is_added_with_its_price(admin_client, brand):
    price = {
        "prices-TOTAL_FORMS": 1,
        "prices-0-amount": "0.0375",
        "prices-0-currency": "EUR",
        "prices-0-valid_from": clock.now().date(),
    }

    assert add_sender(admin_client, brand, **price).status_code == 302
    saved = Sender.objects.get().prices.get()
    assert (saved.amount, saved.brand) == (Decimal("0.0375"), brand)


@pytest.mark.parametrize("typed", ["+371 29 000 001", "29000001", "0037129000001"])
def test_a_number_is_kept_in_its_full_form(admin_client, brand, typed):
    add_sender(admin_client, brand, kind="number", address=typed)

    assert Sender.objects.get().address == "+37129000001"


def test_a_local_number_is_read_as_one_of_the_brands_country(
    admin_client, brand, settings
):
    Brand.objects.update(region="EE")
    add_sender(admin_client, brand, kind="number", address="5123 4567")
    assert Sender.objects.get().address == "+37251234567"

    Brand.objects.update(region="")
    settings.SMS_MARKETING = {**settings.SMS_MARKETING, "DEFAULT_REGION": "LT"}
    add_sender(admin_client, brand, kind="number", address="61234567")
    assert Sender.objects.filter(address="+37061234567").exists()


def test_a_new_price_counts_from_today_unless_told_otherwise(admin_client, sender):
    page = admin_client.get(f"/admin/sms_marketing/sender/{sender.pk}/change/")

    (formset,) = (inline.formset for inline in page.context["inline_admin_formsets"])
    today = clock.now().date()
    assert formset.empty_form["valid_from"].value() == today


@pytest.mark.parametrize(
    "over",
    [
        {"address": "Vējš"},
        {"address": "ab"},
        {"address": "far too long a name"},
        {"address": "123456"},
        {"kind": "number", "address": "2900000"},
    ],
    ids=str,
)
def test_an_address_that_carriers_refuse_is_refused(admin_client, brand, over):
    answer = add_sender(admin_client, brand, **over)

    assert answer.status_code == 200
    assert "address" in answer.context["adminform"].form.errors


def test_the_list_says_which_sender_is_halted_and_why(admin_client):
    make_sender(halted_at=clock.now(), halt_reason="no credit left")
    make_sender(is_enabled=False)
    make_sender()

    html = admin_client.get("/admin/sms_marketing/sender/").content.decode()

    assert "no credit left" in html
    assert "switched off" in html
    assert "in use" in html


def test_a_sender_is_halted_and_resumed_by_those_who_may(sender):
    url = "/admin/sms_marketing/sender/"
    operator = signed_in("view_sender", "operate_sender", name="operator")
    viewer = signed_in("view_sender", name="viewer")

    def act(client, action: str) -> str:
        client.post(url, {"action": action, "_selected_action": [sender.pk]})
        sender.refresh_from_db()
        return sender.halt_reason if sender.halted_at else "works"

    assert act(viewer, "halt") == "works"
    assert act(operator, "halt") == "halted by operator"
    assert act(viewer, "resume") == "halted by operator"
    assert act(operator, "resume") == "works"
