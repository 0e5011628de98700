"""Rules on consent: the same word as the room of contacts has."""

from __future__ import annotations

from itertools import product

import pytest

from sms_marketing import contacts, segments
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Channel,
    ConsentState,
    ConsentStatus,
    Contact,
)
from tests.factories import make_contact

pytestmark = pytest.mark.django_db

SAID = [None, *ConsentStatus.values]


@pytest.fixture
def everything_said(brand: Brand) -> list[Contact]:
    """One contact for each pair of a general word and one on the topic."""
    people = []
    for general, own in product(SAID, SAID):
        contact = make_contact(consent=False)
        for topic, status in (("", general), ("offers", own), ("news", "opted_in")):
            if status is not None:
                ConsentState.objects.create(
                    contact=contact,
                    brand=brand,
                    topic=topic,
                    status=status,
                    since=clock.now(),
                )
        people.append(contact)
    return people


def ask(status: str, **values: str) -> set[Contact]:
    rule = {"kind": "consent", "op": status, **values}
    return set(Contact.objects.filter(segments.compile_rules(rule)))


@pytest.mark.parametrize("topic", ["", "offers", "elsewhere"])
def test_r1_status_is_the_one_that_the_ledger_folds_to(
    topic: str, brand: Brand, everything_said: list[Contact]
) -> None:
    values = {"topic": topic} if topic else {}
    found = {status: ask(status, **values) for status in ConsentStatus.values}

    for contact in everything_said:
        status = contacts.consent_status(contact, brand=brand, topic=topic)
        assert [key for key, people in found.items() if contact in people] == [status]


@pytest.mark.parametrize("topic", ["", "offers", "elsewhere"])
def test_r1_opted_in_is_the_consent_that_the_gate_asks_for(
    topic: str, brand: Brand, everything_said: list[Contact]
) -> None:
    values = {"topic": topic} if topic else {}
    everybody = Contact.objects.all()

    assert ask("opted_in", **values) == set(
        contacts.with_consent(everybody, brand=brand, topic=topic)
    )


def test_consent_is_given_to_one_brand_on_one_channel(brand: Brand) -> None:
    contact = make_contact()
    other = Brand.objects.create(name="Nord", code="nord")

    assert ask("opted_in", brand=brand.code, channel=Channel.SMS) == {contact}
    assert ask("opted_in", brand=other.code) == set()
    assert ask("opted_in", channel=Channel.RCS) == set()
    condition = segments.compile_rules(
        {"kind": "consent", "op": "unknown"}, brand=other
    )
    assert Contact.objects.filter(condition).get() == contact
