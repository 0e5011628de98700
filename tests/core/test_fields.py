"""Money is exact on every database, and keys are compared byte for byte."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db.models import F, Sum
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.core.fields import MoneyField
from sms_marketing.models import Contact, ContactIdentity, Price, Variant
from tests.factories import make_campaign, make_contact, make_sender

MILLIONTHS = st.integers(-(10**15), 10**15).map(lambda n: Decimal(n).scaleb(-6))


@given(MILLIONTHS)
def test_r12_an_amount_comes_back_as_it_went_in(amount: Decimal) -> None:
    field = MoneyField()

    assert field.from_db_value(field.get_prep_value(amount), None, None) == amount


@pytest.mark.django_db
def test_r12_ten_dimes_are_at_least_one() -> None:
    sender = make_sender()
    sender.prices.all().delete()
    for number in range(10):
        Price.objects.create(
            brand=sender.brand,
            sender=sender,
            country=f"A{number}",
            amount=Decimal("0.10"),
            valid_from=date(2026, 1, 1),
        )

    total = Price.objects.values("sender").annotate(total=Sum("amount"))

    assert total.filter(total__gte=Decimal("1.00")).get()["total"] == 1
    assert Price.objects.filter(amount=F("amount"), amount__lt="0.11").count() == 10


@pytest.mark.parametrize("value", ["twelve", "NaN", "Infinity", "-Infinity"])
def test_what_is_no_amount_is_refused_in_words(value: str) -> None:
    with pytest.raises(ValidationError, match=r"12\.50"):
        MoneyField().to_python(value)


def test_empty_is_no_amount() -> None:
    field = MoneyField(null=True)

    assert field.to_python("") is None
    assert field.get_prep_value(None) is None
    assert field.get_prep_value("") is None
    assert field.from_db_value(None, None, None) is None


def test_a_form_takes_decimals_and_a_fixture_gives_them_back() -> None:
    field = Price._meta.get_field("amount")

    assert field.formfield().clean("0.0375") == Decimal("0.0375")
    assert field.value_to_string(Price(amount=Decimal("0.0375"))) == "0.0375"
    assert field.value_to_string(Price(amount=None)) == ""


@pytest.mark.django_db
def test_r14_keys_differ_by_case_and_accent() -> None:
    contact = make_contact()
    for key in ("abc", "ABC", "ābc"):
        ContactIdentity.objects.create(contact=contact, source="s", external_id=key)

    assert ContactIdentity.objects.filter(external_id="abc").count() == 1
    assert Contact.objects.filter(city_key="RĪGA").count() == 0
    assert Contact.objects.filter(city_key="rīga").count() == 1


@pytest.mark.django_db
def test_r14_a_space_behind_a_key_makes_it_another() -> None:
    contact = make_contact()
    for key in ("abc", "abc "):
        ContactIdentity.objects.create(contact=contact, source="s", external_id=key)

    assert ContactIdentity.objects.filter(external_id="abc").count() == 1
    assert ContactIdentity.objects.filter(external_id="abc ").count() == 1


@pytest.mark.django_db
def test_r14_place_and_language_differ_by_case() -> None:
    contact = make_contact(language="lv", country="LV", zone="Europe/Riga")

    for same in ({"language": "lv"}, {"country": "LV"}, {"zone": "Europe/Riga"}):
        assert Contact.objects.get(**same) == contact
    for other in ({"language": "LV"}, {"country": "lv"}, {"zone": "europe/riga"}):
        assert not Contact.objects.filter(**other).exists()


@pytest.mark.django_db
def test_a_campaign_takes_its_texts_along() -> None:
    campaign = make_campaign()
    other = make_campaign(sender=campaign.sender)

    campaign.delete()

    # MariaDB: a reference set to NULL first would leave a text that nobody owns.
    assert Variant.objects.filter(step=None).get().campaign == other
