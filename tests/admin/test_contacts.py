"""Contacts, ledger and suppressions: who sees what, and what a press does."""

from __future__ import annotations

from datetime import date

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from sms_marketing import contacts, phones
from sms_marketing.models import (
    ConsentRecord,
    Contact,
    ErasureLog,
    Suppression,
    SuppressionReason,
)
from tests.factories import make_contact, make_message

pytestmark = pytest.mark.django_db
LIST = "/admin/sms_marketing/contact/"


def client_with(*permissions: str) -> Client:
    user = get_user_model().objects.create_user("staff", password="x", is_staff=True)
    user.user_permissions.set(
        Permission.objects.filter(
            content_type__app_label="sms_marketing", codename__in=permissions
        )
    )
    client = Client()
    client.force_login(user)
    return client


def page(contact: Contact, verb: str = "change") -> str:
    return f"{LIST}{contact.pk}/{verb}/"


def test_numbers_are_masked_without_the_permission(contact):
    client = client_with("view_contact")

    for url in (LIST, page(contact)):
        html = client.get(url).content.decode()
        assert contact.phone not in html
        assert phones.mask(contact.phone) in html


def test_whole_numbers_are_shown_with_the_permission(contact):
    client = client_with("view_contact", "view_phone")

    for url in (LIST, page(contact)):
        assert contact.phone in client.get(url).content.decode()


def test_a_masked_number_cannot_be_found_out_by_searching(contact):
    other = make_contact(first_name="Zelma")
    html = (
        client_with("view_contact")
        .get(LIST, {"q": contact.phone[:-2]})
        .content.decode()
    )

    assert phones.mask(contact.phone) not in html
    found = client_with_phone_search(other)
    assert "Zelma" in found


def client_with_phone_search(contact: Contact) -> str:
    user = get_user_model().objects.create_superuser("root", password="x")
    client = Client()
    client.force_login(user)
    return client.get(LIST, {"q": contact.phone}).content.decode()


def test_the_list_asks_the_same_number_of_questions_for_one_and_for_many(
    admin_client, django_assert_max_num_queries
):
    for _number in range(12):
        make_contact()

    with django_assert_max_num_queries(7):
        assert admin_client.get(LIST).status_code == 200


def test_the_page_tells_consent_words_messages_and_replies(admin_client, contact):
    make_message(contact=contact)
    html = admin_client.get(page(contact)).content.decode()

    assert "Piekrītu saņemt SMS." in html
    assert "queued" in html


def test_saving_keeps_the_number_and_normalises_the_city(admin_client, contact):
    form = {
        "first_name": "Ilze",
        "last_name": "",
        "email": "",
        "language": "lv",
        "country": "LV",
        "region": "",
        "city": " CĒSIS ",
        "postcode": "",
        "zone": "",
        "birth_date": date(1990, 2, 1),
        "attributes": "{}",
        "phone": "+37129999999",
    }
    for prefix in ("consent_states", "tags", "identities"):
        form |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    form |= {"tags-TOTAL_FORMS": 1, "tags-0-kind": "interest", "tags-0-label": "Pirts"}
    number = contact.phone

    answer = admin_client.post(page(contact), form)

    assert answer.status_code == 302, answer.context["errors"]
    contact.refresh_from_db()
    assert (contact.phone, contact.first_name) == (number, "Ilze")
    assert contact.city_key == "cēsis"
    assert contact.tags.get().key == contacts.key_of("pirts")


@pytest.mark.parametrize(
    ("verb", "needed"), [("opt-out", "change_contact"), ("erase", "erase_contact")]
)
def test_acts_need_their_permission_a_post_and_a_token(contact, verb, needed):
    url = f"{LIST}{contact.pk}/{verb}/"

    assert client_with("view_contact").post(url).status_code == 403
    get_user_model().objects.all().delete()
    allowed = client_with("view_contact", needed)
    assert allowed.get(url).status_code == 200
    contact.refresh_from_db()
    assert contact.erased_at is None
    assert not Suppression.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(get_user_model().objects.get())
    assert strict.post(url).status_code == 403
    assert Client().post(url).status_code == 302
    assert not Suppression.objects.exists()


def test_staff_can_stop_advertising_for_a_person(admin_client, contact):
    answer = admin_client.post(f"{LIST}{contact.pk}/opt-out/", follow=True)

    assert "No advertising" in answer.content.decode()
    assert Suppression.objects.active().get().reason == SuppressionReason.STAFF
    assert ConsentRecord.objects.latest("id").actor == "admin"


def test_staff_can_erase_a_person_and_the_page_still_opens(admin_client, contact):
    answer = admin_client.post(f"{LIST}{contact.pk}/erase/", follow=True)

    contact.refresh_from_db()
    assert answer.status_code == 200
    assert contact.phone is None
    assert ErasureLog.objects.get().erased_by_name == "admin"
    again = admin_client.post(f"{LIST}{contact.pk}/opt-out/")
    assert again.status_code == 200


@pytest.mark.parametrize("model", ["contact", "consentrecord", "suppression"])
def test_nobody_adds_or_deletes_here(admin_client, contact, model):
    contacts.opt_out(contact.phone, method="staff")
    row = {
        "contact": contact,
        "consentrecord": ConsentRecord.objects.first(),
        "suppression": Suppression.objects.first(),
    }[model]
    base = f"/admin/sms_marketing/{model}/"

    assert admin_client.get(base).status_code == 200
    assert admin_client.get(f"{base}{row.pk}/change/").status_code == 200
    assert admin_client.get(f"{base}add/").status_code == 403
    assert admin_client.post(f"{base}{row.pk}/delete/").status_code == 403


def test_the_ledger_is_read_only(admin_client, contact):
    record = ConsentRecord.objects.get()
    url = f"/admin/sms_marketing/consentrecord/{record.pk}/change/"

    assert admin_client.post(url, {"wording": "other"}).status_code == 403
    assert contact.phone not in admin_client.get(url).content.decode()
