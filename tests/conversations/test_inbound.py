from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from sms_marketing import contacts, conversations, signals
from sms_marketing.conversations import inbound as room
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Category,
    ConsentRecord,
    Contact,
    InboundMessage,
    Message,
    Sender,
    SkipReason,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from sms_marketing.providers import Inbound
from tests.factories import make_contact, make_message, make_sender, next_phone


@pytest.fixture
def person(sender):
    return make_contact(language="lv")


def reply(person, sender, text, **over):
    phone = person if isinstance(person, str) else person.phone
    count = InboundMessage.objects.count()
    values = {
        "provider_message_id": f"mo-{count}",
        "from_phone": phone,
        "to": sender.address if sender else "1881",
        "text": text,
        **over,
    }
    (row,) = conversations.store_inbound("default", [Inbound(**values)])
    row.refresh_from_db()
    return row


def refusal(contact, brand, category=Category.MARKETING, **over):
    asked = contacts.refusals(
        [contact.pk], brand_id=brand.pk, category=category, **over
    )
    return asked.get(contact.pk)


def answers():
    return list(Message.objects.filter(category=Category.COMPLIANCE).order_by("pk"))


def age(row, **delta):
    InboundMessage.objects.filter(pk=row.pk).update(
        received_at=row.received_at - timedelta(**delta)
    )


def test_r1_stop_is_in_force_when_it_is_stored(person, sender, brand):
    row = reply(person, sender, "STOP")

    assert (row.action, row.rule) == ("stop", "A:stop")
    assert row.processed_at is not None
    assert refusal(person, brand) == SkipReason.NO_CONSENT
    assert refusal(person, brand, Category.TRANSACTIONAL) is None
    record = ConsentRecord.objects.order_by("pk").last()
    assert (record.status, record.method) == ("opted_out", "keyword")
    assert record.evidence == {
        "inbound": row.pk,
        "provider": "default",
        "to": sender.address,
        "rule": "A:stop",
    }
    assert record.personal == {"phone": person.phone, "text": "STOP"}


@pytest.mark.parametrize(
    ("text", "language", "start"),
    [
        ("STOP", "lv", "VSTe: reklāmas SMS jums vairs nesūtīsim."),
        ("Unsubscribe", "en", "VSTe: no more marketing SMS"),
        ("стоп", "ru", "VSTe: больше не пришлём"),
    ],
)
def test_stop_is_confirmed_once_in_the_language_of_the_word(
    person, sender, text, language, start
):
    row = reply(person, sender, text)

    (answer,) = answers()
    assert answer.body.startswith(start)
    assert answer.language == language
    assert answer.contact == person
    assert answer.sender == sender
    assert answer.once_key == f"inbound:{row.pk}:stop"


def test_r1_confirmation_passes_the_stop_that_it_confirms(person, sender, brand):
    reply(person, sender, "STOP ALL")

    assert refusal(person, brand, Category.COMPLIANCE) is None
    assert refusal(person, brand, Category.TRANSACTIONAL) == SkipReason.SUPPRESSED


def test_second_stop_within_a_day_gets_no_second_confirmation(person, sender):
    first = reply(person, sender, "STOP")

    again = reply(person, sender, "STOP ALL")
    assert (again.action, len(answers())) == ("stop_all", 1)

    age(again, hours=25)
    age(first, hours=26)
    reply(person, sender, "stop")
    assert len(answers()) == 2


@pytest.mark.parametrize("text", ["STOP ALL", "STOP VISI", "стоп все"])
def test_r1_stop_all_leaves_only_one_time_codes(person, sender, brand, text):
    row = reply(person, sender, text)

    assert row.action == "stop_all"
    suppression = Suppression.objects.get()
    assert suppression.scope == SuppressionScope.ALL_BUT_OTP
    assert suppression.reason == SuppressionReason.STOP_ALL
    assert refusal(person, brand, Category.TRANSACTIONAL) == SkipReason.SUPPRESSED
    assert refusal(person, brand, Category.OTP) is None


@pytest.mark.parametrize("word", ["STOP", "STOP ALL"])
def test_start_takes_back_what_the_person_made(person, sender, brand, word):
    reply(person, sender, word)

    row = reply(person, sender, "START")

    assert row.action == "start"
    assert refusal(person, brand) is None
    record = ConsentRecord.objects.order_by("pk").last()
    assert (record.status, record.wording) == ("opted_in", "start")
    assert record.evidence["inbound"] == row.pk
    assert [answer.once_key.split(":")[-1] for answer in answers()] == [
        room.Action(word.lower().replace(" ", "_")).value,
        "start",
    ]


@pytest.mark.parametrize(
    "reason",
    [SuppressionReason.CARRIER, SuppressionReason.INVALID, SuppressionReason.ERASED],
)
def test_start_takes_nothing_back_that_others_said(person, sender, brand, reason):
    contacts.suppress(
        person.phone, scope=SuppressionScope.EVERYTHING, reason=reason, brand=brand
    )

    reply(person, sender, "START")

    assert refusal(person, brand) == SkipReason.SUPPRESSED
    assert Suppression.objects.active().count() == 1


def test_late_start_does_not_undo_a_stop_written_after_it(person, sender, brand):
    now = clock.now()
    reply(person, sender, "STOP", received_at=now - timedelta(minutes=1))

    row = reply(person, sender, "START", received_at=now - timedelta(minutes=5))

    assert (row.action, row.rule) == ("", "A:start")
    assert refusal(person, brand) == SkipReason.NO_CONSENT
    assert len(answers()) == 1


def test_help_is_answered_and_changes_nothing(person, sender, brand):
    brand.contact_email = "sveiki@example.com"
    brand.save()

    first = reply(person, sender, "Palīdzība")
    reply(person, sender, "INFO")

    assert first.action == "help"
    (answer,) = answers()
    assert answer.body == "VSTe. sveiki@example.com. Atteikties no SMS: STOP"
    assert refusal(person, brand) is None
    age(first, hours=3)
    age(InboundMessage.objects.last(), hours=2)
    reply(person, sender, "HELP")
    assert len(answers()) == 2


@pytest.mark.parametrize("text", ["NĒ", "NO", "Нет", "JĀ", "Paldies, lieliski!", ""])
def test_all_else_is_kept_on_the_contact_and_changes_nothing(
    person, sender, brand, text
):
    row = reply(person, sender, text)

    assert (row.action, row.rule) == ("", "")
    assert row.contact == person
    assert row.text == text
    assert refusal(person, brand) is None
    assert answers() == []


def test_r7_replay_is_the_same_row_and_acts_once(person, sender):
    told = Inbound(
        provider_message_id="mo-1",
        from_phone=person.phone,
        to=sender.address,
        text="STOP",
    )

    first = conversations.store_inbound("default", [told, told])
    again = conversations.store_inbound("default", [told])

    assert first == again
    assert InboundMessage.objects.count() == 1
    assert ConsentRecord.objects.count() == 2
    assert len(answers()) == 1


def test_same_id_of_two_providers_is_two_messages(person, sender):
    told = Inbound(provider_message_id="1", from_phone=person.phone, text="hello")

    conversations.store_inbound("default", [told])
    conversations.store_inbound("other", [told])

    assert InboundMessage.objects.count() == 2


def test_vendor_without_ids_is_told_apart_by_time(person, sender):
    at = datetime(2026, 11, 1, 10, tzinfo=UTC)
    for when in (at, at, at + timedelta(seconds=1)):
        reply(person, sender, "hello", provider_message_id="", received_at=when)

    assert InboundMessage.objects.count() == 2


def test_r1_stop_start_stop_of_a_vendor_without_ids_and_time_ends_stopped(
    person, sender, brand
):
    for text in ("STOP", "STOP", "START", "STOP"):
        reply(person, sender, text, provider_message_id="")

    assert InboundMessage.objects.count() == 3
    assert refusal(person, brand) == SkipReason.NO_CONSENT


def test_too_long_an_id_is_digested_and_too_long_a_text_kept(person, sender):
    first = reply(person, sender, "x\x00" * 2000, provider_message_id="i" * 300)

    again = reply(person, sender, "x\x00" * 2000, provider_message_id="i" * 300)
    assert again == first
    assert first.text == "x" * 2000


@pytest.mark.parametrize("written", ["+{}", "{}", "00{}"])
def test_r6_numbers_are_found_however_the_vendor_writes_them(person, sender, written):
    digits = person.phone.lstrip("+")

    row = reply(written.format(digits), sender, "hello")

    assert row.contact == person
    assert row.from_phone == person.phone


def test_number_of_another_country_is_not_read_as_a_local_one(sender, brand):
    brand.region = "DE"
    brand.save()

    row = reply("37120123456", sender, "STOP")

    assert row.contact.phone == "+37120123456"


def test_local_number_is_read_by_the_brands_country(sender):
    assert reply("20123456", sender, "hello").contact.phone == "+37120123456"


def test_unknown_number_becomes_a_contact_without_consent(sender, brand):
    phone = next_phone()

    row = reply(phone, sender, "Cik maksā kurpes?")

    assert row.contact == contacts.find_by_phone(phone)
    assert refusal(row.contact, brand) == SkipReason.NO_CONSENT
    assert not ConsentRecord.objects.exists()


@pytest.mark.parametrize("who", ["1881", "LMT", ""])
def test_r6_short_numbers_and_names_are_kept_without_a_contact(sender, who):
    row = reply(who, sender, "STOP")

    assert (row.contact, row.action, row.from_phone) == (None, "", who)
    assert row.rule == "A:stop"
    assert row.processed_at is not None
    assert not Contact.objects.exists()


def test_brand_is_the_one_of_the_sender_written_to(person, sender, brand):
    other = Brand.objects.create(name="Other", code="other")
    contacts.opt_in(person.phone, method="web_form", wording="x", brand=other)
    theirs = make_sender(brand=other)

    row = reply(person, None, "STOP", to=theirs.address.lstrip("+"))

    assert (row.brand, row.sender) == (other, theirs)
    assert refusal(person, other) == SkipReason.NO_CONSENT
    assert refusal(person, brand) is None


@pytest.mark.parametrize("to", ["1881", "", "+"])
def test_message_to_an_address_of_nobody_goes_to_the_default_brand(person, brand, to):
    row = reply(person, None, "STOP", to=to)

    assert (row.sender, row.brand) == (None, brand)
    assert refusal(person, brand) == SkipReason.NO_CONSENT
    assert answers() == []


def test_one_way_sender_answers_nothing(person, brand):
    named = make_sender(address="VSTe", kind=Sender.Kind.NAME)

    row = reply(person, named, "STOP")

    assert row.action == "stop"
    assert answers() == []


def test_reply_belongs_to_the_last_message_from_that_sender(person, sender):
    now = clock.now()

    def sent(hours, **over):
        values = {"contact": person, "sender": sender, "status": "sent", **over}
        return make_message(sent_at=now - timedelta(hours=hours), **values)

    sent(3)
    last = sent(2)
    elsewhere = sent(1, sender=make_sender())
    make_message(contact=person, sender=sender)

    assert reply(person, sender, "hello").in_reply_to == last
    assert reply(person, None, "hello").in_reply_to == elsewhere
    assert reply(next_phone(), sender, "hello").in_reply_to is None


def test_erased_number_comes_back_only_by_its_own_start(person, sender, brand):
    phone = person.phone
    contacts.erase(person)

    row = reply(phone, sender, "Sveiki!")
    assert row.contact != person
    assert refusal(row.contact, brand, Category.MARKETING) is not None

    reply(phone, sender, "START")
    assert refusal(row.contact, brand, Category.MARKETING) is None


def test_time_of_the_vendor_is_evidence_but_never_in_the_future(person, sender):
    naive = datetime(2026, 11, 1, 10)  # noqa: DTZ001
    reply(person, sender, "STOP", received_at=naive)
    reply(person, sender, "STOP", received_at=clock.now() + timedelta(days=1))

    first, second = ConsentRecord.objects.filter(status="opted_out").order_by("pk")
    assert first.occurred_at == naive.replace(tzinfo=UTC)
    assert second.occurred_at <= clock.now()


def test_signal_tells_of_every_reply_with_what_was_done(person, sender):
    heard = []

    def listen(*, inbound, **kwargs):
        heard.append((inbound.text, inbound.action))

    signals.reply_received.connect(listen)
    try:
        reply(person, sender, "STOP")
        reply(person, sender, "hello")
    finally:
        signals.reply_received.disconnect(listen)

    assert heard == [("STOP", "stop"), ("hello", "")]


@pytest.fixture
def broken():
    """A sender whose brand somebody has edited past all forms."""
    brand = Brand.objects.create(name="Broken", code="broken", languages=5)
    return make_sender(brand=brand)


def test_r6_one_reply_that_fails_waits_and_stops_nobody(
    person, sender, brand, broken, caplog
):
    other = make_contact()
    rows = conversations.store_inbound(
        "default",
        [
            Inbound(
                provider_message_id=via.address,
                from_phone=who.phone,
                to=via.address,
                text="STOP",
            )
            for who, via in ((other, broken), (person, sender))
        ],
    )

    assert [row.processed_at is None for row in rows] == [True, False]
    assert refusal(person, brand) == SkipReason.NO_CONSENT
    assert f"reply {rows[0].pk} waits: TypeError" in caplog.text
    assert other.phone not in caplog.text
    assert conversations.process_inbound() == 0

    Brand.objects.filter(code="broken").update(languages=["lv"])
    assert conversations.process_inbound(limit=5) == 1
    assert Suppression.objects.filter(contact=other).count() == 1
    assert conversations.process_inbound() == 0


def test_r6_replies_that_fail_again_and_again_starve_nobody(person, sender, broken):
    stuck = reply(person, broken, "hello")
    waiting = reply(person, sender, "hello")
    InboundMessage.objects.filter(pk=waiting.pk).update(processed_at=None)

    assert stuck.pk < waiting.pk
    assert conversations.process_inbound(limit=1) == 1
    assert InboundMessage.objects.filter(processed_at=None).get() == stuck


@pytest.mark.parametrize("field", ["provider_message_id", "from_phone", "to", "text"])
def test_r6_what_no_database_keeps_is_left_out_of_a_reply(person, sender, field):
    values = {
        "provider_message_id": "mo-1",
        "from_phone": "VSTe",
        "to": "1881",
        "text": "hello",
    }
    values[field] += "\x00\ud800"

    (row,) = conversations.store_inbound("default", [Inbound(**values)])

    assert row.processed_at is not None


nudged = []


def take_nudge(task, *args):
    nudged.append(task)


def test_reply_that_fails_asks_for_another_look(
    person, broken, settings, django_capture_on_commit_callbacks
):
    nudged.clear()
    settings.SMS_MARKETING = {
        **settings.SMS_MARKETING,
        "QUEUE": f"{__name__}.take_nudge",
    }

    with django_capture_on_commit_callbacks(execute=True):
        reply(person, broken, "hello")

    assert nudged == ["process_inbound"]


def test_reply_that_another_worker_took_is_left_alone(person, sender):
    row = reply(person, sender, "STOP")
    row.processed_at = None

    assert room._process_safely(row, "default")
    assert ConsentRecord.objects.filter(status="opted_out").count() == 1


def test_r1_stop_that_was_rolled_back_never_happened(person, sender, brand):
    with transaction.atomic():
        reply(person, sender, "STOP")
        transaction.set_rollback(True)

    assert refusal(person, brand) is None
    assert not InboundMessage.objects.exists()


def test_r10_log_of_a_stop_names_nobody(person, sender, caplog):
    caplog.set_level("DEBUG", logger="sms_marketing")

    reply(person, sender, "STOP")
    reply(person, sender, "START")

    assert person.phone not in caplog.text
    assert person.phone[4:] not in caplog.text
