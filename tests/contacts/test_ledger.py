from __future__ import annotations

from functools import partial

import pytest
from django.db import IntegrityError

from sms_marketing import contacts
from sms_marketing.contacts import ledger
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
)
from tests.factories import next_phone
from tests.races import at_once


def act(brand, **over):
    values = {
        "brand": brand,
        "phone_hash": contacts.phone_hash("+37120000001"),
        "contact": None,
        "status": ConsentStatus.OPTED_IN,
        "method": ConsentMethod.WEB_FORM,
        "occurred_at": clock.now(),
        **over,
    }
    return ledger.Act(**values)


def test_r11_records_of_a_number_and_brand_make_one_chain(brand):
    other = Brand.objects.create(name="Other", code="other")
    ledger.append(act(brand), using="default")
    ledger.append(act(other), using="default")

    chain = ledger.append(act(brand), using="default")

    assert [record.sequence for record in chain] == [1, 2]
    assert chain[0].previous_mac == ""
    assert chain[1].previous_mac == chain[0].mac
    assert len({record.mac for record in ConsentRecord.objects.all()}) == 3


def test_r11_two_records_cannot_take_one_place(brand):
    ledger.append(act(brand), using="default")
    twin = ConsentRecord.objects.get()
    twin.pk, twin._state.adding = None, True

    with pytest.raises(IntegrityError):
        twin.save()


def test_record_reads_back_as_it_was_signed(brand):
    evidence = {
        "huge": 2**70,
        "price": 1e16,
        "nested": {"list": (1, 2.50, None, True)},
        5: "five",
        "nul": "a\x00b",
        "half": "\ud83d",
    }
    long = "x" * 200
    written = act(
        brand,
        evidence=evidence,
        personal={"raw": "STOP \ud83d"},
        wording="Vārds\x00 „x”",
        actor=long,
    )

    ledger.append(written, using="default")

    record = ConsentRecord.objects.get()
    assert record.evidence["nested"] == {"list": [1, "2.5", None, True]}
    assert record.evidence["price"] == "1e+16"
    assert record.evidence["huge"] == str(2**70)
    assert record.wording == "Vārds „x”"
    assert record.actor == long[:150]
    assert contacts.verify_ledger().ok


def test_personal_data_is_digested_with_a_salt_of_its_own(brand):
    for _ in range(2):
        ledger.append(act(brand, personal={"ip": "192.0.2.1"}), using="default")

    one, other = ConsentRecord.objects.all()
    assert one.personal == other.personal
    assert one.salt != other.salt
    assert one.personal_digest != other.personal_digest


def test_append_reads_again_when_another_was_faster(brand, monkeypatch):
    ledger.append(act(brand), using="default")
    real, looks = ledger._locked_chain, iter(range(99))
    # The first look finds an empty chain, as before the other's commit.
    monkeypatch.setattr(
        ledger,
        "_locked_chain",
        lambda *args: [] if next(looks) == 0 else real(*args),
    )

    chain = ledger.append(act(brand), using="default")

    assert [record.sequence for record in chain] == [1, 2]
    assert contacts.verify_ledger().ok


def test_append_gives_up_when_it_loses_every_race(brand, monkeypatch):
    ledger.append(act(brand), using="default")
    monkeypatch.setattr(ledger, "_locked_chain", lambda *args: [])

    with pytest.raises(IntegrityError):
        ledger.append(act(brand), using="default")


@pytest.mark.real_database
@pytest.mark.django_db(transaction=True)
def test_r11_appends_of_two_connections_make_one_unbroken_chain():
    Brand.objects.get_or_create(
        is_default=True, defaults={"name": "VSTe", "code": "default"}
    )
    phone = next_phone()

    def take_turns(number):
        for turn in range(5):
            if (number + turn) % 2:
                contacts.opt_in(phone, method="web_form", wording="x")
            else:
                contacts.opt_out(phone, method="keyword")

    at_once(*(partial(take_turns, number) for number in range(4)))

    report = contacts.verify_ledger()
    assert (report.ok, report.records, report.chains) == (True, 20, 1)
    contact = contacts.find_by_phone(phone)
    states = {
        (row.channel, row.topic): row.status
        for row in ConsentState.objects.filter(contact=contact)
    }
    folded = contacts.fold(ConsentRecord.objects.order_by("sequence"))
    assert states == {key: state.status for key, state in folded.items()}
