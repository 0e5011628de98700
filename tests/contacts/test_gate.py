from __future__ import annotations

import random

import pytest

from sms_marketing import contacts
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Category,
    ConsentState,
    Contact,
    SkipReason,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from tests.factories import make_contact, make_sender

PASSES = {
    SuppressionScope.MARKETING: {
        Category.TRANSACTIONAL,
        Category.OTP,
        Category.COMPLIANCE,
    },
    SuppressionScope.ALL_BUT_OTP: {Category.OTP, Category.COMPLIANCE},
    SuppressionScope.EVERYTHING: set(),
}


def ask(contact, brand, category=Category.MARKETING, **over):
    return contacts.refusals(
        [contact.pk], brand_id=brand.pk, category=category, **over
    ).get(contact.pk)


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("scope", SuppressionScope)
def test_r1_scope_decides_which_categories_pass(brand, scope, category):
    contact = make_contact()
    contacts.suppress(
        contact.phone, scope=scope, reason=SuppressionReason.STAFF, brand=brand
    )
    everybody = Contact.objects.all()

    passes = category in PASSES[scope]

    assert ask(contact, brand, category) == (None if passes else SkipReason.SUPPRESSED)
    kept = contacts.not_suppressed(everybody, brand=brand, category=category)
    assert kept.exists() is passes


@pytest.mark.parametrize("category", Category)
def test_r1_only_marketing_needs_consent(brand, category):
    contact = make_contact(consent=False)

    expected = SkipReason.NO_CONSENT if category == Category.MARKETING else None

    assert ask(contact, brand, category) == expected


@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"is_restricted": True}, SkipReason.RESTRICTED),
        ({"phone": None}, SkipReason.NO_PHONE),
        ({"phone": None, "erased_at": clock.now()}, SkipReason.ERASED),
    ],
)
def test_nothing_is_sent_to_the_restricted_erased_or_numberless(
    brand, category, change, reason
):
    contact = make_contact()
    Contact.objects.update(**change)

    assert ask(contact, brand, category) == reason


def test_contact_that_is_not_there_is_refused(brand):
    assert contacts.refusals(
        [404], brand_id=brand.pk, category="otp", topic="", sender_id=None
    ) == {404: SkipReason.ERASED}


def test_nobody_asked_about_is_no_question(brand, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert contacts.refusals([], brand_id=brand.pk, category="marketing") == {}


def test_lifted_suppression_holds_nobody_back(brand):
    contact = make_contact()
    suppression = contacts.suppress(
        contact.phone,
        scope=SuppressionScope.EVERYTHING,
        reason=SuppressionReason.STAFF,
        brand=brand,
    )
    assert ask(contact, brand) == SkipReason.SUPPRESSED

    Suppression.objects.filter(pk=suppression.pk).update(lifted_at=clock.now())

    assert ask(contact, brand) is None


def test_suppression_of_a_sender_holds_in_audiences_of_that_sender(brand):
    contact, barred, free = make_contact(), make_sender(), make_sender()
    contacts.suppress(
        contact.phone,
        scope=SuppressionScope.EVERYTHING,
        reason=SuppressionReason.CARRIER,
        brand=brand,
        sender=barred,
    )

    def kept(sender):
        return contacts.not_suppressed(
            Contact.objects.all(), brand=brand, category="marketing", sender=sender
        ).count()

    assert (kept(barred), kept(free), kept(None)) == (0, 1, 1)


def test_erased_number_is_held_back_for_brands_of_later_days(brand):
    contact = make_contact()
    phone = contact.phone
    contacts.erase(contact)
    later = Brand.objects.create(name="Later", code="later")

    again = contacts.upsert(phone=phone)
    contacts.opt_in(phone, method="web_form", wording="x", brand=later)

    assert ask(again, later, Category.MARKETING) == SkipReason.SUPPRESSED


def test_consent_for_another_channel_is_none_for_sms(brand):
    contact = make_contact(consent=False)
    contacts.opt_in(contact.phone, method="web_form", wording="x", channel="rcs")
    everybody = Contact.objects.all()

    assert not contacts.with_consent(everybody, brand=brand).exists()
    assert contacts.with_consent(everybody, brand=brand, channel="rcs").exists()
    assert ask(contact, brand) == SkipReason.NO_CONSENT


@pytest.mark.parametrize("count", [1, 1000])
def test_refusals_ask_one_query_for_any_number(brand, count, django_assert_num_queries):
    Contact.objects.bulk_create(
        Contact(phone=f"+3712{n:07d}", phone_hash=f"{n:064x}") for n in range(count)
    )
    ids = list(Contact.objects.values_list("pk", flat=True))

    with django_assert_num_queries(1):
        found = contacts.refusals(
            ids, brand_id=brand.pk, category="marketing", topic="news", sender_id=1
        )

    assert found == dict.fromkeys(ids, SkipReason.NO_CONSENT)


def test_more_ids_than_one_statement_takes_are_asked_in_parts(brand, monkeypatch):
    monkeypatch.setattr("sms_marketing.contacts.gate.CHUNK", 2)
    good, bad = make_contact(), make_contact(consent=False)

    ids = [good.pk, bad.pk, 998, 999, 1000]

    assert set(contacts.refusals(ids, brand_id=brand.pk, category="marketing")) == set(
        ids
    ) - {good.pk}


def test_r1_audience_and_gate_agree_with_a_plain_loop(brand):
    """Random states and suppressions: sets, gate and a loop over rows say the same."""
    other = Brand.objects.create(name="Other", code="other")
    dice = random.Random(7)
    for _ in range(60):
        contact = make_contact(consent=False)
        for which in (brand, other):
            for topic in ("", "news"):
                if dice.random() < 0.6:
                    status = dice.choice(["opted_in", "opted_in", "opted_out"])
                    ConsentState.objects.create(
                        contact=contact,
                        brand=which,
                        topic=topic,
                        status=status,
                        since=clock.now(),
                    )
            if dice.random() < 0.3:
                contacts.suppress(
                    contact.phone,
                    scope=dice.choice(list(SuppressionScope)),
                    reason=SuppressionReason.STAFF,
                    brand=which,
                )

    for topic in ("", "news", "sale"):
        for category in Category:
            expected = {
                contact.pk
                for contact in Contact.objects.all()
                if passes(contact, brand, category, topic)
            }
            audience = contacts.not_suppressed(
                Contact.objects.all(), brand=brand, category=category
            )
            if category == Category.MARKETING:
                audience = contacts.with_consent(audience, brand=brand, topic=topic)
            ids = list(Contact.objects.values_list("pk", flat=True))
            refused = contacts.refusals(
                ids, brand_id=brand.pk, category=category, topic=topic
            )
            assert set(audience.values_list("pk", flat=True)) == expected
            assert set(ids) - set(refused) == expected
            assert 0 < len(expected) < len(ids)


def passes(contact, brand, category, topic):
    for row in Suppression.objects.filter(contact=contact, brand=brand):
        if category not in PASSES[row.scope]:
            return False
    if category != Category.MARKETING:
        return True
    return (
        contacts.consent_status(contact, brand=brand, topic=topic).value == "opted_in"
    )


@pytest.mark.parametrize("topic", ["", "sale"])
def test_a_range_of_contacts_is_asked_for_its_own_consents_only(brand, topic):
    people = [make_contact(consent=number != 1) for number in range(4)]
    ids = (people[0].pk, people[2].pk)
    some = Contact.objects.filter(pk__gt=ids[0], pk__lte=ids[1])

    found = contacts.with_consent(some, brand=brand, topic=topic, ids=ids)

    assert [contact.pk for contact in found] == [people[2].pk]
