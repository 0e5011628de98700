"""A number has one spelling, and only one that can receive an SMS gets it.

The numbers are the library's own examples, and digits near them.
"""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from sms_marketing import phones
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.timing import get_zone

UNREACHABLE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = [
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.VOIP,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
]


def e164(number):
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def by_the_library(text):
    """The oracle: parse, validate, look at the kind, write out."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) in UNREACHABLE:
        return None
    return e164(number)


def normalized(text, region=None):
    try:
        return phones.normalize(text, region=region)
    except InvalidPhone:
        return None


@st.composite
def numbers_near_examples(draw):
    region = draw(st.sampled_from(REGIONS))
    found = phonenumbers.example_number_for_type(region, draw(st.sampled_from(KINDS)))
    text = e164(found or phonenumbers.example_number(region))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(1, len(text)))
        digits = draw(st.text("0123456789", max_size=2))
        text = text[:place] + digits + text[place + draw(st.integers(0, 2)) :]
    return text


@given(numbers_near_examples())
@example("+370812345678")
@example("+99809512345678")
def test_the_short_way_says_what_the_library_says(text):
    assert normalized(text) == by_the_library(text)


def test_the_short_way_is_open_to_most_countries_and_taken_for_their_examples():
    taken = [
        region
        for region in REGIONS
        if (number := phonenumbers.example_number_for_type(region, KINDS[0]))
        and phones._is_surely_mobile(e164(number))
    ]

    assert {"LV", "EE", "LT", "PL", "DE", "FR"} <= set(taken)
    assert len(taken) > 150


def test_every_spelling_of_a_number_becomes_one():
    spellings = [
        "+37121234567",
        " +371 21 234 567 ",
        "+371-21-234-567",
        "(+371) 21.234.567",
        "0037121234567",
        "00 371 2123/4567",
        "21234567",
        "21 234 567",
        "37121234567",
        "'+37121234567",
        "\u202a+37121234567\u202c",
        "＋３７１２１２３４５６７",
        "+371\u00a021\u2011234\u2011567",
        37121234567,
        21234567,
    ]

    assert {phones.normalize(raw, region="LV") for raw in spellings} == {"+37121234567"}


def test_a_trunk_zero_in_brackets_is_left_out():
    assert phones.normalize("+44 (0)7400 123456", region=None) == "+447400123456"


class PhoneNumberOfAHost:
    as_e164 = "+37121234567"

    def __str__(self):
        return "21 234 567"


def test_a_hosts_number_object_is_read_by_its_e164():
    assert phones.normalize(PhoneNumberOfAHost(), region=None) == "+37121234567"


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        (None, "LV", phones.EMPTY),
        ("", "LV", phones.EMPTY),
        (" - ", "LV", phones.EMPTY),
        ("call me", "LV", phones.NOT_A_NUMBER),
        ("21234567 mamma", "LV", phones.NOT_A_NUMBER),
        ("+1 800 FLOWERS", None, phones.NOT_A_NUMBER),
        ("21234567 ext. 5", "LV", phones.NOT_A_NUMBER),
        ("21+234567", "LV", phones.NOT_A_NUMBER),
        ("3.71212E+10", "LV", phones.NOT_A_NUMBER),
        (37121234567.0, "LV", phones.NOT_A_NUMBER),
        (True, "LV", phones.NOT_A_NUMBER),
        ("1" * 30, "LV", phones.NOT_A_NUMBER),
        ("21234567", None, phones.NO_COUNTRY),
        ("21234567", "XX", phones.NO_COUNTRY),
        ("2123456", "LV", phones.INVALID),
        ("+999 12345678", "LV", phones.INVALID),
        ("+371000", "LV", phones.INVALID),
        ("67012345", "LV", phones.NO_SMS),
        ("+371 80 000 000", None, phones.NO_SMS),
        ("+371 90 000 000", None, phones.NO_SMS),
        ("+1 800 555 2368", None, phones.NO_SMS),
    ],
)
def test_a_number_that_cannot_get_an_sms_is_refused_with_the_reason(
    raw, region, reason
):
    with pytest.raises(InvalidPhone) as caught:
        phones.normalize(raw, region=region)

    assert str(caught.value) == reason
    assert caught.value.__cause__ is None


def test_r10_no_reason_holds_a_digit():
    reasons = [phones.EMPTY, phones.NOT_A_NUMBER, phones.NO_COUNTRY, phones.INVALID]

    assert not any(c.isdigit() for reason in [*reasons, phones.NO_SMS] for c in reason)


@pytest.mark.parametrize(
    ("phone", "code"),
    [
        ("+37121234567", "LV"),
        ("+12125552368", "US"),
        ("+14165550123", "CA"),
        ("+18762101234", "JM"),
        ("+447400123456", "GB"),
        ("+883510000000094", ""),
        ("+99912345678", ""),
        ("", ""),
        ("x", ""),
    ],
)
def test_a_number_tells_its_country(phone, code):
    assert phones.country(phone) == code


@pytest.mark.parametrize(
    ("phone", "zones"),
    [
        ("+37121234567", ("Europe/Riga",)),
        ("+37061234567", ("Europe/Vilnius",)),
        ("+37251234567", ("Europe/Tallinn",)),
        ("+447400123456", ("Europe/London",)),
        ("+4915123456789", ("Europe/Berlin",)),
        ("+12125552368", ("America/New_York",)),
        ("+14165550123", ("America/Toronto",)),
        ("+18762101234", ("America/Jamaica",)),
        ("+883510000000094", ()),
        ("+99912345678", ()),
        ("", ()),
    ],
)
def test_a_number_tells_the_zone_of_its_owner(phone, zones):
    assert phones.zones(phone) == zones


def test_a_number_of_a_wide_country_has_many_zones():
    zones = phones.zones("+79161234567")

    assert "Europe/Moscow" in zones
    assert "Asia/Vladivostok" in zones


def test_every_zone_of_the_table_is_known():
    table = phones._zones_by_country()

    assert len(table) > 240
    for zone in (zone for names in table.values() for zone in names):
        assert get_zone(zone).key == zone


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+37121234567", "+371•••••567"),
        ("+12125552368", "+1•••••••368"),
        ("+447400123456", "+44•••••••456"),
        ("+99912345678", "•" * 12),
        ("+3711234", "•" * 8),
        ("", ""),
    ],
)
def test_a_masked_number_shows_its_country_and_three_digits(phone, masked):
    assert phones.mask(phone) == masked
