"""Rules on place, language and age."""

from __future__ import annotations

import unicodedata
from datetime import UTC, date, datetime

import pytest

from sms_marketing import contacts, segments
from sms_marketing.models import Brand, Contact
from sms_marketing.segments.kinds_profile import years_before
from tests.factories import make_contact

pytestmark = pytest.mark.django_db


def is_found(contact: Contact, rules: object, *, now: datetime | None = None) -> bool:
    condition = segments.compile_rules(rules, now=now)
    return Contact.objects.filter(condition, pk=contact.pk).exists()


@pytest.mark.parametrize(
    ("stored", "asked", "same"),
    [
        ("Rīga", "rīga", True),
        (unicodedata.normalize("NFD", "Rīga"), " RĪGA ", True),
        ("Rīga", "Riga", False),
        ("Даугавпилс", "даугавПИЛС", True),
        (unicodedata.normalize("NFD", "Йошкар-Ола"), "йошкар-ола", True),
        ("Йошкар-Ола", "Иошкар-Ола", False),
        ("Straße", "STRASSE", True),
        ("Rēzekne", "Rēzekne ", True),
        ("Rīga", "Rīg_", False),
        ("Rīga", "Rīg%", False),
    ],
)
def test_r14_city_is_compared_without_case_but_with_accents(
    stored: str, asked: str, same: bool
) -> None:
    contact = make_contact(city=stored, consent=False)

    assert is_found(contact, {"kind": "city", "op": "is", "value": asked}) is same
    assert is_found(contact, {"kind": "city", "op": "is_not", "value": asked}) != same
    assert (
        is_found(contact, {"kind": "city", "op": "in", "value": ["x", asked]}) is same
    )


def test_codes_are_asked_as_contacts_keep_them() -> None:
    contact = contacts.upsert(phone="+37120000001", language="EN_gb", country="lv")

    assert is_found(contact, {"kind": "country", "op": "is", "value": "lv"})
    assert is_found(contact, {"kind": "language", "op": "is", "value": "en_GB"})
    assert not is_found(contact, {"kind": "language", "op": "is", "value": "en"})


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        (date(2008, 3, 1), date(2026, 2, 28), 17),
        (date(2008, 3, 1), date(2026, 3, 1), 18),
        # Born on the leap day: older on 1 March, or on the leap day itself.
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        # Asked on the leap day about somebody of a common year.
        (date(2010, 2, 28), date(2028, 2, 29), 18),
        (date(2010, 3, 1), date(2028, 2, 29), 17),
        (date(2026, 3, 1), date(2026, 3, 1), 0),
    ],
    ids=str,
)
def test_r14_age_turns_on_the_birthday(born: date, today: date, age: int) -> None:
    contact = make_contact(birth_date=born, consent=False)
    noon = datetime(today.year, today.month, today.day, 10, tzinfo=UTC)

    def found(**rule: object) -> bool:
        return is_found(contact, {"kind": "age", **rule}, now=noon)

    assert found(op="at_least", value=age)
    assert not found(op="at_least", value=age + 1)
    assert found(op="at_most", value=age)
    assert age == 0 or not found(op="at_most", value=age - 1)
    assert found(**{"op": "between", "from": age, "to": age})


def test_r14_age_turns_at_the_brands_midnight() -> None:
    contact = make_contact(birth_date=date(2008, 3, 1), consent=False)
    rule = {"kind": "age", "op": "at_least", "value": 18}
    brand = Brand.objects.get_default()
    assert brand.zone == "Europe/Riga"

    assert not is_found(
        contact, rule, now=datetime(2026, 2, 28, 21, 59, 59, tzinfo=UTC)
    )
    assert is_found(contact, rule, now=datetime(2026, 2, 28, 22, 0, tzinfo=UTC))


def test_a_birth_date_to_come_is_not_known() -> None:
    contact = make_contact(birth_date=date(2026, 3, 2), consent=False)
    now = datetime(2026, 3, 1, 10, tzinfo=UTC)

    assert not is_found(contact, {"kind": "age", "op": "at_most", "value": 99}, now=now)
    assert not is_found(contact, {"kind": "age", "op": "at_least", "value": 0}, now=now)


def test_years_before_a_leap_day() -> None:
    assert years_before(date(2028, 2, 29), 4) == date(2024, 2, 29)
    assert years_before(date(2028, 2, 29), 1) == date(2027, 2, 28)
