from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import models
from django.test import override_settings

from sms_marketing import contacts
from sms_marketing.conf import settings
from sms_marketing.contacts import proof
from sms_marketing.models import Brand, ConsentRecord, LedgerSeal
from tests.factories import make_contact

NOW = timedelta(0)


@pytest.fixture
def people(brand):
    """Three numbers with three records each."""
    rows = [make_contact() for _ in range(3)]
    for contact in rows:
        contacts.opt_out(contact.phone, method="keyword")
        contacts.opt_in(contact.phone, method="web_form", wording="again")
    return rows


def tamper(queryset, **values):
    assert models.QuerySet.update(queryset, **values)


def remove(queryset):
    queryset._raw_delete(queryset.db)


def with_keys(**keys):
    given = {
        name: getattr(settings(), name)
        for name in ("PROVIDERS", "LINK_KEYS", "PUBLIC_URL", "QUEUE")
    }
    return override_settings(SMS_MARKETING={**given, "LEDGER_KEYS": keys})


def records(contact, *sequences):
    return ConsentRecord.objects.filter(contact=contact, sequence__in=sequences)


def test_r11_untouched_ledger_verifies(people):
    contacts.seal_ledger(settle=NOW)

    report = contacts.verify_ledger()

    assert report.ok
    assert report.faults == []
    assert (report.records, report.chains) == (9, 3)


@pytest.mark.parametrize(
    "values",
    [
        {"status": "opted_in"},
        {"method": "import"},
        {"wording": "other words"},
        {"wording_language": "en"},
        {"topic": "news"},
        {"channel": "rcs"},
        {"evidence": {"form": "other"}},
        {"actor": "somebody"},
        {"occurred_at": "2020-01-01T00:00:00Z"},
        {"recorded_at": "2020-01-01T00:00:00Z"},
        {"personal_digest": "0" * 64},
        {"mac": "0" * 64},
    ],
    ids=lambda values: next(iter(values)),
)
def test_r11_altered_field_shows(people, values):
    record = records(people[1], 2).get()
    tamper(records(people[1], 2), **values)

    report = contacts.verify_ledger()

    assert not report.ok
    assert any(fault.startswith(f"record {record.pk}:") for fault in report.faults)


def test_r11_altered_personal_data_shows(people):
    tamper(records(people[0], 2), personal={"phone": "+37120999999"})

    assert ["altered" in fault for fault in contacts.verify_ledger().faults] == [True]


@pytest.mark.parametrize("sequence", [1, 2])
def test_r11_removed_first_or_middle_record_shows(people, sequence):
    remove(records(people[0], sequence))

    report = contacts.verify_ledger()

    assert len(report.faults) == 1
    assert "a record before it is missing" in report.faults[0]


def test_r11_records_put_together_anew_show(people):
    remove(records(people[0], 2))
    tamper(records(people[0], 3), sequence=2)

    faults = " ".join(contacts.verify_ledger().faults)

    assert "does not follow" in faults
    assert "altered" in faults


def test_r11_removed_tail_shows_by_the_seal(people):
    contacts.seal_ledger(settle=NOW)
    remove(records(people[0], 3))

    report = contacts.verify_ledger()

    seal = LedgerSeal.objects.get()
    (fault,) = report.faults
    assert fault == f"seal {seal.pk}: a record that it covers was removed or added"


def test_r11_removed_chain_shows_by_the_seal(people):
    contacts.seal_ledger(settle=NOW)
    remove(records(people[2], 1, 2, 3))

    report = contacts.verify_ledger()

    assert not report.ok
    assert "a whole chain that it covers was removed" in report.faults[0]
    assert (report.records, report.chains) == (6, 2)


def test_r11_a_later_seal_does_not_hide_what_went_before_it(people):
    contacts.seal_ledger(settle=NOW)
    remove(records(people[0], 3))
    make_contact()
    contacts.seal_ledger(settle=NOW)

    faults = contacts.verify_ledger().faults

    first = LedgerSeal.objects.order_by("pk").first()
    assert [fault.split(":")[0] for fault in faults] == [f"seal {first.pk}"]


def test_r11_altered_or_missing_seal_shows(people):
    contacts.seal_ledger(settle=NOW)
    make_contact()
    second = contacts.seal_ledger(settle=NOW)
    make_contact()
    third = contacts.seal_ledger(settle=NOW)
    tamper(LedgerSeal.objects.filter(pk=third.pk), chain_count=4)
    remove(LedgerSeal.objects.filter(pk=second.pk))

    faults = contacts.verify_ledger().faults

    assert f"seal {third.pk}: it was altered" in faults
    assert f"seal {third.pk}: a seal before it is missing" in faults


def test_r11_record_of_an_unknown_key_shows(people):
    contacts.seal_ledger(settle=NOW)

    with with_keys(other="another-ledger-key-of-32-character"):
        faults = contacts.verify_ledger().faults

    assert len(faults) == 10
    assert all("LEDGER_KEYS has no key 'test'" in fault for fault in faults)


def test_new_key_signs_new_records_and_the_old_ones_still_verify(people):
    old = settings().LEDGER_KEYS["test"]
    hashed = contacts.phone_hash(people[0].phone)

    with with_keys(test=old, next="another-ledger-key-of-32-character"):
        contacts.opt_out(people[0].phone, method="keyword")
        contacts.seal_ledger(settle=NOW)

        assert contacts.verify_ledger().ok
        assert contacts.phone_hash(people[0].phone) == hashed
    assert records(people[0], 4).get().key_id == "next"
    assert LedgerSeal.objects.get().key_id == "next"


def test_seal_waits_for_transactions_that_may_still_be_open(people):
    seal = contacts.seal_ledger()

    assert (seal.last_record, seal.chain_count) == (0, 0)
    assert contacts.verify_ledger().ok


def test_sealing_again_without_news_makes_no_seal(people):
    first = contacts.seal_ledger(settle=NOW)

    assert contacts.seal_ledger(settle=NOW) == first
    assert LedgerSeal.objects.count() == 1


def test_seals_go_on_from_one_another(people, django_assert_num_queries):
    first = contacts.seal_ledger(settle=NOW)
    contacts.opt_out(people[0].phone, method="keyword")
    make_contact()

    with django_assert_num_queries(8):
        second = contacts.seal_ledger(settle=NOW)

    assert second.previous_mac == first.mac
    assert (first.chain_count, second.chain_count) == (3, 4)
    assert contacts.verify_ledger().ok


def test_two_that_seal_at_once_make_one_seal(people):
    faster = contacts.seal_ledger(settle=NOW)

    slower = proof._write_seal(None, faster.last_record, 3, "0" * 64, "default")

    assert slower == faster
    assert LedgerSeal.objects.count() == 1


def test_tick_seals_once_an_hour(people):
    assert contacts.seal_hourly(settle=NOW)
    contacts.opt_out(people[0].phone, method="keyword")
    assert not contacts.seal_hourly(settle=NOW)
    assert LedgerSeal.objects.count() == 1

    late = LedgerSeal.objects.get().sealed_at - timedelta(minutes=61)
    tamper(LedgerSeal.objects.all(), sealed_at=late)

    assert contacts.seal_hourly(settle=NOW)
    assert not contacts.seal_hourly(settle=NOW)
    assert LedgerSeal.objects.count() == 2


def test_one_brand_can_be_checked_alone(people):
    other = Brand.objects.create(name="Other", code="other")
    contacts.opt_in(people[0].phone, method="web_form", wording="x", brand=other)
    tamper(ConsentRecord.objects.filter(brand=other), wording="y")

    assert contacts.verify_ledger(brand=Brand.objects.get_default()).ok
    assert not contacts.verify_ledger(brand=other).ok


def test_report_lists_no_more_faults_than_a_person_reads(people, monkeypatch):
    monkeypatch.setattr(proof, "MAX_FAULTS", 2)
    tamper(ConsentRecord.objects.all(), wording="y")

    report = contacts.verify_ledger()

    assert (report.ok, len(report.faults)) == (False, 2)


def test_empty_ledger_verifies_and_can_be_sealed(brand):
    seal = contacts.seal_ledger()

    assert (seal.last_record, seal.chain_count) == (0, 0)
    assert contacts.verify_ledger().ok
