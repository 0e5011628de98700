from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db.models import Q

from sms_marketing import contacts, signals
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Category,
    Click,
    ConsentRecord,
    ConsentState,
    Contact,
    ContactIdentity,
    ContactTag,
    Enrollment,
    ErasureLog,
    Event,
    InboundMessage,
    Journey,
    Message,
    MessageStatus,
    SegmentMember,
    SendBatch,
    SkipReason,
    Suppression,
)
from tests.factories import (
    make_contact,
    make_message,
    make_purchase,
    make_segment,
    make_sender,
)

SECRETS = ("+37127654321", "27654321", "Aspazija", "aspazija@example.com", "192.0.2.77")


@pytest.fixture
def person(brand):
    """Somebody with a trace in every table."""
    now = clock.now()
    contact = make_contact(
        phone=SECRETS[0],
        first_name="Aspazija",
        last_name="Aspazija",
        email="aspazija@example.com",
        source="shop.Customer",
        external_id="7",
        attributes={"nick": "Aspazija"},
        tags=["Aspazija"],
        birth_date="1990-01-01",
    )
    contacts.opt_out(
        contact.phone, method="link", personal={"ip": "192.0.2.77"}, evidence={"n": 1}
    )
    contacts.opt_in(contact.phone, method="web_form", wording="words")
    sender = make_sender(brand=brand)
    journey = Journey.objects.create(
        brand=brand, code="j", name="j", category="marketing", trigger_event="e"
    )
    Enrollment.objects.create(
        journey=journey,
        contact=contact,
        key="1",
        context={"name": "Aspazija"},
        due_at=now,
        entered_at=now,
    )
    make_message(contact=contact, sender=sender, body="Aspazija")
    sent = make_message(
        contact=contact,
        sender=sender,
        body="Aspazija",
        context={"name": "Aspazija"},
        status=MessageStatus.SENT,
        sent_at=now,
    )
    Click.objects.create(
        message=sent,
        contact=contact,
        clicked_at=now,
        ip="192.0.2.77",
        user_agent="Aspazija",
    )
    Event.objects.create(
        contact=contact,
        name="e",
        properties={"n": "Aspazija"},
        occurred_at=now,
        recorded_at=now,
    )
    for number, owner in enumerate((contact, None)):
        InboundMessage.objects.create(
            provider="default",
            dedup_key=str(number),
            brand=brand,
            contact=owner,
            from_phone=contact.phone,
            text="Aspazija",
            received_at=now,
        )
    make_purchase(contact=contact)
    SegmentMember.objects.create(segment=make_segment(), contact=contact)
    return contact


def dump():
    """All rows of all our tables as text, but for the log's own reason."""
    from django.apps import apps

    return "\n".join(
        str(row)
        for model in apps.get_app_config("sms_marketing").get_models()
        for row in model._base_manager.values()
    )


def test_r11_nothing_of_an_erased_person_is_found_in_any_table(person):
    before = dump()
    assert all(secret in before for secret in SECRETS)

    contacts.erase(person, reason="art. 17")

    after = dump()
    assert [secret for secret in SECRETS if secret in after] == []


def test_r11_ledger_of_an_erased_person_still_verifies(person):
    contacts.seal_ledger(settle=timedelta(0))

    contacts.erase(person)

    assert contacts.verify_ledger().ok
    chain = ConsentRecord.objects.order_by("sequence")
    assert [record.method for record in chain][-1] == "erasure"
    assert {(r.personal, r.salt, r.contact) for r in chain} == {(None, "", None)}
    assert chain[2].wording == "words"
    assert not ConsentState.objects.exists()


def test_r11_later_import_of_an_erased_number_stays_suppressed(person, brand):
    other = Brand.objects.create(name="Other", code="other")
    phone = person.phone
    contacts.erase(person)

    again = contacts.upsert(phone=phone, first_name="Anna")
    for which in (brand, other):
        contacts.opt_in(phone, method="import", wording="x", brand=which)

    assert again.pk != person.pk
    for which in (brand, other):
        refused = contacts.refusals(
            [again.pk], brand_id=which.pk, category=Category.MARKETING
        )
        assert refused[again.pk] in (SkipReason.NO_CONSENT, SkipReason.SUPPRESSED)
        free = contacts.not_suppressed(
            Contact.objects.filter(pk=again.pk),
            brand=which,
            category=Category.MARKETING,
        )
        assert not free.exists()
    held = Suppression.objects.filter(reason="erased")
    assert list(held.values_list("contact", flat=True)) == [None, None]
    assert contacts.verify_ledger().ok


def test_an_erased_person_may_come_back_to_one_brand_by_an_act_of_their_own(
    person, brand
):
    other = Brand.objects.create(name="Other", code="other")
    phone = person.phone
    contacts.erase(person)

    contacts.opt_in(phone, method="web_form", wording="x", brand=brand)

    again = contacts.find_by_phone(phone)

    def refused(which):
        return contacts.refusals(
            [again.pk], brand_id=which.pk, category=Category.MARKETING
        )

    assert refused(brand) == {}
    assert refused(other)
    kept = contacts.not_suppressed(
        Contact.objects.filter(pk=again.pk), brand=other, category=Category.MARKETING
    )
    assert not kept.exists()


def test_an_erased_person_who_orders_again_gets_the_orders_messages(person, brand):
    phone = person.phone
    contacts.erase(person)

    again = contacts.upsert(phone=phone)

    for category in (Category.TRANSACTIONAL, Category.OTP):
        assert not contacts.refusals([again.pk], brand_id=brand.pk, category=category)


def test_rows_stay_for_the_sums(person):
    contacts.erase(person)

    row = Contact.objects.get(pk=person.pk)
    assert row.erased_at is not None
    assert (row.phone, row.phone_hash, row.full_name) == (None, "", "")
    assert (row.birth_date, row.attributes, row.country) == (None, {}, "")
    assert person.phone is None
    assert person.purchases.count() == 1
    assert Message.objects.filter(contact=person).count() == 2
    assert Click.objects.get().ip is None
    assert not ContactTag.objects.exists()
    assert not ContactIdentity.objects.exists()
    assert not SegmentMember.objects.exists()


def test_what_waits_to_be_sent_is_left_out(person):
    contacts.erase(person)

    waiting, sent = Message.objects.order_by("pk")
    assert (waiting.status, waiting.skip_reason) == ("skipped", "erased")
    assert (sent.status, sent.skip_reason) == ("sent", "")
    assert Enrollment.objects.get().status == "exited"
    assert Enrollment.objects.get().exit_reason == "erased"


def test_r1_message_in_a_workers_hand_is_refused_by_the_gate(brand):
    contact, sender = make_contact(), make_sender()
    batch = SendBatch.objects.create(
        worker="w", sender=sender, lease_until=clock.now(), created_at=clock.now()
    )
    message = make_message(
        contact=contact, sender=sender, status=MessageStatus.CLAIMED, batch=batch
    )

    contacts.erase(contact)

    message.refresh_from_db()
    assert message.status == MessageStatus.CLAIMED
    assert contacts.refusals(
        [contact.pk], brand_id=brand.pk, category="transactional"
    ) == {contact.pk: SkipReason.ERASED}


def test_log_says_who_erased_and_nothing_of_the_person(person):
    staff = get_user_model().objects.create_user("ilze")

    contacts.erase(person, by=staff, reason="art. 17")

    log = ErasureLog.objects.get()
    assert (log.contact, log.erased_by, log.erased_by_name) == (person, staff, "ilze")
    assert log.reason == "art. 17"


def test_erasing_twice_is_erasing_once(person):
    heard = []

    def listen(*, contact, **kwargs):
        heard.append(contact.pk)

    signals.contact_erased.connect(listen)
    try:
        contacts.erase(person)
        rows = ConsentRecord.objects.count()
        contacts.erase(Contact.objects.get(pk=person.pk))
    finally:
        signals.contact_erased.disconnect(listen)

    assert heard == [person.pk]
    assert ErasureLog.objects.count() == 1
    assert ConsentRecord.objects.count() == rows


def test_former_number_of_the_person_is_forgotten_too(brand):
    old = "+37127654321"
    contacts.opt_in(
        old,
        method="web_form",
        wording="x",
        profile={"source": "shop.Customer", "external_id": "7"},
    )
    contact = contacts.upsert(
        phone="+37127654322", source="shop.Customer", external_id="7"
    )

    contacts.erase(contact)

    assert "2765432" not in dump()
    assert contacts.verify_ledger().ok


def test_next_holder_of_a_number_keeps_their_own_evidence(brand):
    phone = "+37127654321"
    contacts.opt_in(
        phone,
        method="web_form",
        wording="x",
        profile={"source": "shop.Customer", "external_id": "7"},
    )
    first = contacts.upsert(
        phone="+37127654322", source="shop.Customer", external_id="7"
    )
    contacts.opt_in(phone, method="web_form", wording="mine")

    contacts.erase(first)

    mine = ConsentRecord.objects.get(wording="mine")
    assert mine.personal == {"phone": phone}
    assert contacts.verify_ledger().ok


def test_contact_without_number_or_ledger_can_be_erased(brand):
    contact = Contact.objects.create(phone=None, first_name="Anna")

    contacts.erase(contact)

    assert Contact.objects.get().first_name == ""
    assert not Suppression.objects.filter(~Q(contact=None)).exists()
    assert not ConsentRecord.objects.exists()
