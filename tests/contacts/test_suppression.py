from __future__ import annotations

import pytest

from sms_marketing import contacts
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import Suppression, SuppressionReason, SuppressionScope
from tests.factories import make_contact, make_sender, next_phone

MARKETING, ALL = SuppressionScope.MARKETING, SuppressionScope.EVERYTHING
R = SuppressionReason


def suppress(phone, brand, reason=R.STAFF, scope=MARKETING, **over):
    return contacts.suppress(phone, scope=scope, reason=reason, brand=brand, **over)


def test_number_and_its_hash_are_the_same_row(brand):
    contact = make_contact()

    one = suppress(contact.phone, brand, actor="Ilze")
    other = suppress(contacts.phone_hash(contact.phone), brand)

    assert one == other
    assert Suppression.objects.get().contact == contact
    assert Suppression.objects.get().actor == "Ilze"


def test_bad_number_is_refused(brand):
    with pytest.raises(InvalidPhone):
        suppress("hello", brand)


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        (R.STOP, R.STAFF, R.STOP),
        (R.STOP, R.ERASED, R.ERASED),
        (R.ERASED, R.CARRIER, R.ERASED),
        (R.CARRIER, R.STOP, R.CARRIER),
        (R.CARRIER, R.INVALID, R.INVALID),
    ],
)
def test_reason_only_grows_stronger(brand, first, second, kept):
    phone = next_phone()
    suppress(phone, brand, first, ALL)

    assert suppress(phone, brand, second, ALL).reason == kept
    assert Suppression.objects.get().reason == kept


def test_lifted_number_can_be_held_back_again(brand):
    phone = next_phone()
    first = suppress(phone, brand, R.CARRIER)
    assert contacts.lift(phone, brand=brand, reasons=[R.CARRIER]) == 1

    again = suppress(phone, brand, R.STOP)

    assert again.pk == first.pk
    assert (again.reason, again.lifted_at) == (R.STOP, None)
    assert again.created_at > first.created_at


def test_consent_lifts_what_a_person_made_and_staff_what_they_name(brand, caplog):
    caplog.set_level("INFO")
    phone = next_phone()
    suppress(phone, brand, R.STOP)
    suppress(phone, brand, R.STOP_ALL, SuppressionScope.ALL_BUT_OTP)
    suppress(phone, brand, R.STAFF, ALL)
    suppress(phone, brand, R.CARRIER, MARKETING, sender=make_sender())

    assert contacts.lift(phone, brand=brand) == 2
    assert contacts.lift(phone, brand=brand) == 0
    assert set(Suppression.objects.active().values_list("reason", flat=True)) == {
        R.STAFF,
        R.CARRIER,
    }
    lifted = contacts.lift(
        phone, brand=brand, reasons=R, scopes=SuppressionScope, actor="Ilze"
    )
    assert lifted == 2
    assert "lifted by Ilze" in caplog.text
    assert phone not in caplog.text
