"""How a message of no campaign is born, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from sms_marketing import sending
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidBody, NotSendable
from sms_marketing.models import (
    Category,
    Message,
    MessageStatus,
    Priority,
    Sender,
    SkipReason,
)
from tests import factories
from tests.sending.conftest import status_of

pytestmark = pytest.mark.django_db


def enqueue(contact, **over):
    values = {
        "brand": factories.make_brand(),
        "category": Category.TRANSACTIONAL,
        "text": "Paldies!",
        "once_key": None,
    }
    return sending.enqueue(contact, **{**values, **over})


def test_a_message_waits_for_the_next_dispatch(sender, contact):
    message = enqueue(contact, topic="orders", context={"order": {"number": "7"}})

    message.refresh_from_db()
    assert message.status == MessageStatus.QUEUED
    assert message.sender == sender
    assert (message.to_phone, message.language) == (contact.phone, "lv")
    assert (message.body, message.topic) == ("Paldies!", "orders")
    assert message.context == {"order": {"number": "7"}}
    assert message.due_at <= clock.now() + timedelta(seconds=1)
    assert (message.once_key, message.campaign) == (None, None)


@pytest.mark.parametrize(
    ("category", "priority"),
    [
        (Category.OTP, Priority.URGENT),
        (Category.COMPLIANCE, Priority.URGENT),
        (Category.TRANSACTIONAL, Priority.TRANSACTIONAL),
        (Category.MARKETING, Priority.MARKETING),
    ],
    ids=str,
)
def test_the_category_decides_who_leaves_first(sender, contact, category, priority):
    assert enqueue(contact, category=category).priority == priority
    assert enqueue(contact, category=category, priority=0).priority == 0


def test_r2_the_same_key_is_the_same_message(sender, contact):
    first = enqueue(contact, once_key="order:7:placed")

    assert enqueue(contact, once_key="order:7:placed", text="Vēlreiz") is None
    assert list(Message.objects.all()) == [first]


def test_another_fault_of_the_row_is_not_taken_for_a_repetition(sender, contact):
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue(contact, once_key="x", is_test=None)


def test_only_what_is_due_nudges_a_worker(
    provider, sender, contact, django_capture_on_commit_callbacks
):
    """The immediate queue of the tests sends on commit."""
    with django_capture_on_commit_callbacks(execute=True):
        now = enqueue(contact)
        later = enqueue(contact, due_at=clock.now() + timedelta(hours=1))

    assert status_of(now) == MessageStatus.SENT
    assert status_of(later) == MessageStatus.QUEUED


def test_without_an_eligible_sender_the_row_says_so(brand, contact):
    factories.make_sender(brand=brand, allows_transactional=False)

    message = enqueue(contact)

    assert message.status == MessageStatus.SKIPPED
    assert message.skip_reason == SkipReason.NO_SENDER


def test_a_brand_without_any_sender_is_told_what_to_do(brand, contact):
    with pytest.raises(NotSendable, match="Add one"):
        enqueue(contact)


def test_the_wanted_sender_is_taken(sender, contact):
    other = factories.make_sender(brand=sender.brand, kind=Sender.Kind.NAME)

    assert enqueue(contact, sender=other).sender == other


def test_a_variant_is_written_when_it_leaves(campaign, contact):
    variant = campaign.variants.get()

    message = enqueue(contact, text="", variant=variant, language="ru", is_test=True)

    assert (message.variant, message.body) == (variant, "")
    assert (message.language, message.is_test) == ("ru", True)


def test_a_control_character_in_a_text_is_refused(sender, contact):
    with pytest.raises(InvalidBody, match="control character"):
        enqueue(contact, text="a\x00b")


def test_an_erased_contact_gets_a_row_without_a_number(sender, contact):
    contact.phone = None

    assert enqueue(contact).to_phone == ""
