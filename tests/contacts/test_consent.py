from __future__ import annotations

import threading
import time

import pytest
from django.db import transaction

from sms_marketing import contacts, signals
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import (
    AppendOnlyError,
    Brand,
    Category,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
    Contact,
    SkipReason,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from tests.factories import make_contact, make_sender, next_phone
from tests.races import at_once

WORDS = "Piekrītu saņemt SMS."


def refusal(contact, brand, *, category=Category.MARKETING, topic="", sender=None):
    return contacts.refusals(
        [contact.pk],
        brand_id=brand.pk,
        category=category,
        topic=topic,
        sender_id=sender.pk if sender else None,
    ).get(contact.pk)


def test_opt_in_keeps_the_words_shown_and_who_agreed(brand):
    phone = next_phone()

    record = contacts.opt_in(
        phone,
        method="web_form",
        wording=WORDS,
        wording_language="lv",
        evidence={"form": "checkout"},
        personal={"ip": "192.0.2.1"},
        profile={"first_name": "Anna"},
    )

    contact = contacts.find_by_phone(phone)
    kept = ConsentRecord.objects.get(pk=record.pk)
    assert kept.contact == contact
    assert kept.wording == WORDS
    assert kept.evidence == {"form": "checkout"}
    assert kept.personal == {"phone": phone, "ip": "192.0.2.1"}
    assert contact.first_name == "Anna"
    assert contacts.consent_status(contact, brand=brand) == ConsentStatus.OPTED_IN
    assert refusal(contact, brand) is None


def test_r1_opt_out_closes_every_topic_and_channel_of_the_brand(brand):
    contact = make_contact()
    for topic, channel in (("news", "sms"), ("", "rcs"), ("sale", "rcs")):
        contacts.opt_in(
            contact.phone, method="web_form", wording="x", topic=topic, channel=channel
        )

    contacts.opt_out(contact.phone, method="keyword")

    states = ConsentState.objects.filter(contact=contact)
    assert states.count() == 4
    assert set(states.values_list("status", flat=True)) == {ConsentStatus.OPTED_OUT}
    assert refusal(contact, brand, topic="news") == SkipReason.NO_CONSENT
    assert refusal(contact, brand, category=Category.TRANSACTIONAL) is None


def test_r1_opt_out_of_one_brand_leaves_the_other(brand):
    other = Brand.objects.create(name="Other", code="other")
    contact = make_contact()
    contacts.opt_in(contact.phone, method="web_form", wording="x", brand=other)

    contacts.opt_out(contact.phone, method="keyword", brand=brand)

    assert refusal(contact, brand) == SkipReason.NO_CONSENT
    assert refusal(contact, other) is None


def test_a_topic_left_alone_keeps_the_rest(brand):
    contact = make_contact()

    contacts.opt_out(contact.phone, method="link", topic="news")

    assert refusal(contact, brand, topic="news") == SkipReason.NO_CONSENT
    assert refusal(contact, brand, topic="sale") is None
    assert not Suppression.objects.exists()
    assert (
        contacts.consent_status(contact, brand=brand, topic="news")
        == ConsentStatus.OPTED_OUT
    )
    assert (
        contacts.consent_status(contact, brand=brand, topic="sale")
        == ConsentStatus.OPTED_IN
    )


def test_consent_to_one_topic_is_none_to_another(brand):
    contact = make_contact(consent=False)

    contacts.opt_in(contact.phone, method="web_form", wording="x", topic="news")

    assert refusal(contact, brand, topic="news") is None
    assert refusal(contact, brand, topic="sale") == SkipReason.NO_CONSENT
    assert refusal(contact, brand) == SkipReason.NO_CONSENT


def test_second_stop_adds_evidence_and_changes_nothing_else(brand):
    contact = make_contact()
    contacts.opt_out(contact.phone, method="keyword")
    state = ConsentState.objects.get(contact=contact)
    suppression = Suppression.objects.get()

    contacts.opt_out(contact.phone, method="link", reason=SuppressionReason.LINK)

    assert ConsentRecord.objects.filter(contact=contact).count() == 3
    assert ConsentState.objects.get(contact=contact).since == state.since
    again = Suppression.objects.get()
    assert (again.created_at, again.reason) == (suppression.created_at, "stop")


def test_own_new_consent_lifts_the_stop(brand):
    contact = make_contact()
    contacts.opt_out(contact.phone, method="keyword")

    contacts.opt_in(contact.phone, method="web_form", wording=WORDS)

    assert refusal(contact, brand) is None
    assert Suppression.objects.get().lifted_at is not None


@pytest.mark.parametrize("method", ["import", "api", "staff"])
def test_r11_consent_that_others_write_down_never_overrides_a_stop(brand, method):
    contact = make_contact()
    contacts.opt_out(contact.phone, method="keyword")

    contacts.opt_in(contact.phone, method=method, wording=WORDS)
    contacts.opt_in(contact.phone, method=method, wording=WORDS, topic="news")

    assert contacts.consent_status(contact, brand=brand) == ConsentStatus.OPTED_OUT
    assert refusal(contact, brand, topic="news") == SkipReason.NO_CONSENT
    assert Suppression.objects.active().count() == 1


@pytest.mark.parametrize(
    "reason",
    [SuppressionReason.CARRIER, SuppressionReason.INVALID],
)
def test_own_new_consent_lifts_nothing_that_others_said(brand, reason):
    contact = make_contact()
    contacts.suppress(
        contact.phone, scope=SuppressionScope.MARKETING, reason=reason, brand=brand
    )

    contacts.opt_in(contact.phone, method="keyword", wording="START")

    assert refusal(contact, brand) == SkipReason.SUPPRESSED


def test_opt_out_of_a_number_that_is_no_contact_holds_when_it_becomes_one(brand):
    phone = next_phone()

    record = contacts.opt_out(phone, method="staff", reason=SuppressionReason.STAFF)
    contact = contacts.upsert(phone=phone)

    assert record.contact is None
    assert contacts.consent_status(contact, brand=brand) == ConsentStatus.OPTED_OUT
    assert Suppression.objects.get().contact == contact
    contacts.opt_in(phone, method="import", wording="x")
    assert refusal(contact, brand) == SkipReason.NO_CONSENT


def test_r11_changed_number_inherits_no_consent(brand):
    old, new = next_phone(), next_phone()
    contacts.opt_in(
        old,
        method="web_form",
        wording=WORDS,
        profile={"source": "shop.Customer", "external_id": "7"},
    )

    contact = contacts.upsert(phone=new, source="shop.Customer", external_id="7")

    assert Contact.objects.count() == 1
    assert contact.phone == new
    assert contact.phone_hash == contacts.phone_hash(new)
    assert contacts.consent_status(contact, brand=brand) == ConsentStatus.UNKNOWN
    assert refusal(contact, brand) == SkipReason.NO_CONSENT
    # … and the next holder of the old number finds none either.
    stranger = contacts.upsert(phone=old)
    assert refusal(stranger, brand) == SkipReason.NO_CONSENT


def test_r11_changed_number_that_had_stopped_stays_stopped(brand):
    old, new = next_phone(), next_phone()
    contacts.opt_out(new, method="keyword")
    contacts.upsert(phone=old, source="shop.Customer", external_id="7")

    contact = contacts.upsert(phone=new, source="shop.Customer", external_id="7")

    assert contacts.consent_status(contact, brand=brand) == ConsentStatus.OPTED_OUT


@pytest.mark.parametrize(
    ("general", "own", "expected"),
    [
        ("opted_in", "pending", "opted_in"),
        ("opted_out", "pending", "pending"),
        ("opted_in", "opted_out", "opted_out"),
        ("opted_out", "opted_in", "opted_in"),
        ("opted_out", None, "opted_out"),
        (None, None, "unknown"),
        (None, "pending", "pending"),
    ],
)
def test_topics_own_word_goes_before_the_general_one(brand, general, own, expected):
    contact = make_contact(consent=False)
    for topic, status in (("", general), ("news", own)):
        if status:
            ConsentState.objects.create(
                contact=contact,
                brand=brand,
                topic=topic,
                status=status,
                since=contact.created_at,
            )

    assert contacts.consent_status(contact, brand=brand, topic="news") == expected


def test_nobody_changes_or_deletes_a_record(brand):
    make_contact()
    record = ConsentRecord.objects.get()

    for attempt in (
        record.save,
        record.delete,
        ConsentRecord.objects.all().delete,
        lambda: ConsentRecord.objects.update(status="opted_out"),
    ):
        with pytest.raises(AppendOnlyError):
            attempt()


def test_bad_number_is_refused_and_leaves_nothing(brand):
    with pytest.raises(InvalidPhone):
        contacts.opt_in("12", method="web_form", wording="x")
    with pytest.raises(InvalidPhone):
        contacts.opt_out("12", method="keyword")
    with pytest.raises(ValueError, match="telepathy"):
        contacts.opt_in(next_phone(), method="telepathy", wording="x")

    assert not Contact.objects.exists()
    assert not ConsentRecord.objects.exists()


def test_signals_tell_the_host_and_a_broken_receiver_harms_nobody(brand, caplog):
    heard = []

    def listen(*, contact, record, **kwargs):
        heard.append((contact.pk, record.status))

    def fail(**kwargs):
        raise RuntimeError("+37120000000")

    signals.contact_opted_in.connect(listen)
    signals.contact_opted_out.connect(fail)
    try:
        contact = make_contact()
        contacts.opt_out(contact.phone, method="keyword")
        contacts.opt_in(contact.phone, method="import", wording="x")
    finally:
        signals.contact_opted_in.disconnect(listen)
        signals.contact_opted_out.disconnect(fail)

    assert heard == [(contact.pk, "opted_in")]
    assert refusal(contact, brand) == SkipReason.NO_CONSENT
    assert "fail failed with RuntimeError" in caplog.text


def test_r10_a_failing_receiver_is_never_quoted_in_any_log(brand, caplog):
    def fail(**kwargs):
        raise RuntimeError("+37120000000")

    signals.contact_opted_out.connect(fail)
    try:
        contacts.opt_out(make_contact().phone, method="keyword")
    finally:
        signals.contact_opted_out.disconnect(fail)

    # With tracebacks, and of whatever logger: Django's own quotes the error.
    assert "RuntimeError" in caplog.text
    assert "37120000000" not in caplog.text


def test_receiver_whose_sql_fails_does_not_break_the_opt_out(brand):
    contact = make_contact()

    def fail(**kwargs):
        Brand.objects.create(name="twin", code=brand.code)

    signals.contact_opted_out.connect(fail)
    try:
        contacts.opt_out(contact.phone, method="keyword")
    finally:
        signals.contact_opted_out.disconnect(fail)

    assert refusal(contact, brand) == SkipReason.NO_CONSENT
    assert Brand.objects.count() == 1


def test_suppression_of_one_sender_leaves_the_others(brand):
    contact, barred, free = make_contact(), make_sender(), make_sender()
    contacts.opt_out(
        contact.phone,
        method="carrier",
        reason=SuppressionReason.CARRIER,
        scope=SuppressionScope.EVERYTHING,
        sender=barred,
    )

    def asked(sender):
        return refusal(contact, brand, category=Category.OTP, sender=sender)

    assert asked(barred) == SkipReason.SUPPRESSED
    assert asked(free) is None


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_r1_leaving_a_topic_holds_against_the_first_consent_of_the_number(brand):
    """Who leaves finds no contact yet, and no word of the one who is agreeing."""
    phone, agreed = next_phone(), threading.Event()

    def agree():
        with transaction.atomic():
            contacts.opt_in(phone, method="web_form", wording="x", topic="news")
            agreed.set()
            time.sleep(0.7)  # not committed while the other one looks and waits

    def leave():
        agreed.wait(timeout=10)
        contacts.opt_out(phone, method="link", topic="news")

    at_once(agree, leave)

    contact = contacts.find_by_phone(phone)
    status = contacts.consent_status(contact, brand=brand, topic="news")
    assert status == "opted_out"
    assert ConsentRecord.objects.count() == 2
