from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError

from sms_marketing import contacts
from sms_marketing.contacts import profiles
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import (
    Contact,
    ContactIdentity,
    ContactTag,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from tests.factories import next_phone
from tests.races import at_once

SHOP = {"source": "shop.Customer"}


def tags(contact, kind):
    return set(contact.tags.filter(kind=kind).values_list("label", "key"))


def test_upsert_makes_a_contact_and_fills_it_in(brand):
    contact = contacts.upsert(
        phone="20 123 456",
        source="shop.Customer",
        external_id="7",
        first_name="  Anna  ",
        email="anna@example.com",
        language="LV",
        city="  RĪGA ",
        region_name="Vidzeme",
        birth_date="1990-05-01",
        latitude=0,
        attributes={"size": "M"},
        tags=["VIP", "vip ", ""],
        interests=["Kurpes"],
    )

    kept = Contact.objects.get()
    assert kept == contact
    assert kept.phone == "+37120123456"
    assert kept.phone_hash == contacts.phone_hash("+37120123456")
    assert (kept.first_name, kept.email, kept.language) == (
        "Anna",
        "anna@example.com",
        "lv",
    )
    assert (kept.city, kept.city_key) == ("RĪGA", "rīga")
    assert (kept.region, kept.region_key) == ("Vidzeme", "vidzeme")
    assert (kept.country, kept.zone, kept.zone_source) == ("LV", "Europe/Riga", "phone")
    assert kept.birth_date == date(1990, 5, 1)
    assert kept.latitude == 0.0
    assert kept.attributes == {"size": "M"}
    assert {key for _label, key in tags(kept, "tag")} == {"vip"}
    assert tags(kept, "interest") == {("Kurpes", "kurpes")}
    identity = kept.identities.get()
    assert (identity.source, identity.external_id) == ("shop.Customer", "7")


def test_only_what_is_told_overwrites(brand):
    phone = next_phone()
    contacts.upsert(phone=phone, first_name="Anna", city="Rīga", attributes={"a": 1})

    contact = contacts.upsert(
        phone=phone,
        first_name="",
        last_name="Ozola",
        city=None,
        attributes={"b": 2},
        tags=["one"],
    )
    contact = contacts.upsert(phone=phone, tags=["two"], birth_date="")

    assert contact.full_name == "Anna Ozola"
    assert contact.city == "Rīga"
    assert contact.attributes == {"a": 1, "b": 2}
    assert {key for _label, key in tags(contact, "tag")} == {"one", "two"}


def test_upsert_without_news_writes_nothing(brand):
    phone = next_phone()
    before = contacts.upsert(phone=phone, first_name="Anna")

    after = contacts.upsert(phone=phone, first_name="Anna")

    assert after.updated_at == before.updated_at


def test_known_identity_with_its_own_number_changes_nothing(brand):
    phone = next_phone()
    first = contacts.upsert(phone=phone, external_id="7", **SHOP)

    assert contacts.upsert(phone=phone, external_id="7", **SHOP) == first
    assert ContactIdentity.objects.count() == 1


def test_unknown_field_says_which_there_are(brand):
    with pytest.raises(TypeError, match=r"no field name.*first_name"):
        contacts.upsert(phone=next_phone(), name="Anna")


def test_number_without_country_code_is_of_the_region_named(brand):
    contact = contacts.upsert(phone="07400 123456", region="GB")

    assert contact.phone == "+447400123456"
    assert contact.country == "GB"


def test_r6_bad_host_data_is_left_out_and_stops_nothing(brand, caplog):
    tomorrow = clock.now().date() + timedelta(days=1)

    contact = contacts.upsert(
        phone=next_phone(),
        first_name="x" * 200 + "\x00",
        email="a" * 300 + "@example.com",
        birth_date="31.02.1990",
        latitude="north",
        longitude="inf",
        country="lv",
        attributes={
            "sum": Decimal("1.50"),
            "nan": float("nan"),
            "list": (1.5, None, True, date(2026, 1, 1)),
            "nul": "a\x00",
        },
        language="x" * 11,
    )
    contacts.upsert(phone=contact.phone, birth_date=tomorrow)

    kept = Contact.objects.get()
    assert kept.first_name == "x" * 80
    assert (kept.email, kept.language) == ("", "")
    assert kept.birth_date is None
    assert (kept.latitude, kept.longitude, kept.country) == (None, None, "LV")
    assert kept.attributes == {
        "sum": "1.50",
        "nan": "nan",
        "list": [1.5, None, True, "2026-01-01"],
        "nul": "a",
    }
    assert "birth_date" in caplog.text
    assert contact.phone not in caplog.text


def test_zone_of_the_host_goes_before_the_one_of_the_number(brand):
    phone = next_phone()
    contacts.upsert(phone=phone)

    contact = contacts.upsert(phone=phone, zone="Europe/London")
    assert (contact.zone, contact.zone_source) == ("Europe/London", "host")


def test_number_of_a_country_with_many_zones_gets_none(brand):
    assert contacts.upsert(phone="+7 916 123 45 67").zone == ""


def test_known_identity_takes_its_contact_to_a_new_number(brand):
    old, new = next_phone(), "+447400123456"
    first = contacts.upsert(phone=old, external_id="7", **SHOP, city="Rīga")

    contact = contacts.upsert(phone=new, external_id="7", **SHOP)

    assert contact.pk == first.pk
    assert (contact.phone, contact.country) == (new, "GB")
    assert contact.zone != "Europe/Riga"
    assert contact.city == "Rīga"
    assert contacts.find_by_phone(old) is None


def test_zone_of_the_host_stays_when_the_number_changes(brand):
    contacts.upsert(phone=next_phone(), external_id="7", zone="Europe/Paris", **SHOP)

    contact = contacts.upsert(phone=next_phone(), external_id="7", **SHOP)

    assert (contact.zone, contact.zone_source) == ("Europe/Paris", "host")


def test_identity_follows_a_number_that_is_somebody_elses(brand):
    old, taken = next_phone(), next_phone()
    first = contacts.upsert(phone=old, external_id="7", **SHOP)
    holder = contacts.upsert(phone=taken)

    contact = contacts.upsert(phone=taken, external_id="7", **SHOP)

    assert contact == holder
    assert ContactIdentity.objects.get().contact == holder
    first.refresh_from_db()
    assert first.phone == old


def test_number_of_one_order_takes_no_consent_away(brand):
    own, office = next_phone(), next_phone()
    contacts.opt_in(
        own, method="web_form", wording="x", profile={"external_id": "7", **SHOP}
    )

    other = contacts.upsert(phone=office, external_id="7", may_move=False, **SHOP)

    kept = contacts.find_by_phone(own)
    assert other != kept
    assert contacts.consent_status(kept, brand=brand) == "opted_in"
    assert contacts.consent_status(other, brand=brand) == "unknown"


def test_one_of_two_customers_of_a_number_leaves_alone(brand):
    family, own = next_phone(), next_phone()
    shared = contacts.upsert(phone=family, external_id="7", **SHOP)
    contacts.upsert(phone=family, external_id="8", **SHOP)

    contact = contacts.upsert(phone=own, external_id="8", **SHOP)

    assert contact != shared
    shared.refresh_from_db()
    assert shared.phone == family
    assert shared.identities.get().external_id == "7"


def test_suppressions_follow_the_number_not_the_row(brand):
    old, new = next_phone(), next_phone()
    first = contacts.upsert(phone=old, external_id="7", **SHOP)
    for phone in (old, new):
        contacts.suppress(
            phone,
            scope=SuppressionScope.MARKETING,
            reason=SuppressionReason.STAFF,
            brand=brand,
        )

    contacts.upsert(phone=new, external_id="7", **SHOP)

    held = dict(Suppression.objects.values_list("phone_hash", "contact"))
    assert held == {
        contacts.phone_hash(old): None,
        contacts.phone_hash(new): first.pk,
    }


def test_find_by_phone_takes_any_spelling_and_no_nonsense(brand):
    contact = contacts.upsert(phone="+37120123456")

    assert contacts.find_by_phone("20 123-456") == contact
    assert contacts.find_by_phone("+37120123457") is None
    assert contacts.find_by_phone("hello") is None


def test_bad_number_is_refused(brand):
    with pytest.raises(InvalidPhone):
        contacts.upsert(phone="hello")

    assert not Contact.objects.exists()


def test_upsert_looks_again_when_another_made_the_contact(brand, monkeypatch):
    phone = next_phone()
    theirs = contacts.upsert(phone=phone)
    real, looks = profiles._settle, iter(range(9))

    def settle(number, *args):
        if next(looks) == 0:
            return profiles._create(number, "default")
        return real(number, *args)

    monkeypatch.setattr(profiles, "_settle", settle)

    assert contacts.upsert(phone=phone) == theirs


def test_upsert_gives_up_when_it_loses_every_race(brand, monkeypatch):
    phone = next_phone()
    contacts.upsert(phone=phone)
    monkeypatch.setattr(
        profiles, "_settle", lambda number, *args: profiles._create(number, "default")
    )

    with pytest.raises(IntegrityError):
        contacts.upsert(phone=phone)


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_same_new_number_from_two_connections_is_one_contact():
    phone = next_phone()

    def save(number):
        contacts.upsert(phone=phone, external_id=str(number), **SHOP)

    at_once(*(partial(save, number % 2) for number in range(4)))

    assert Contact.objects.count() == 1
    assert ContactIdentity.objects.count() == 2
    assert not ContactTag.objects.exists()
