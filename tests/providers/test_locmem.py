from __future__ import annotations

import pytest

from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers import ErrorKind, LookupOutcome, Outcome, build
from tests.providers.contract import outbound

BACKEND = "sms_marketing.providers.locmem.LocmemProvider"


def make(**options):
    return build("test", {"BACKEND": BACKEND, "OPTIONS": options})


def test_the_outbox_holds_what_was_taken_in_order():
    provider = make()

    provider.send_many([outbound(1), outbound(2)])

    assert [sent.reference for sent in provider.outbox] == ["1-1", "2-1"]
    assert provider.outbox[0].text == outbound().text


def test_planned_fates_are_met_in_order_and_then_all_is_well():
    provider = make()
    provider.plan(ErrorKind.THROTTLED, Outcome.UNCONFIRMED, ErrorKind.OPTED_OUT)

    results = provider.send_many([outbound(number) for number in range(4)])

    assert [result.error_kind for result in results] == [
        ErrorKind.THROTTLED,
        ErrorKind.UNKNOWN,
        ErrorKind.OPTED_OUT,
        None,
    ]
    assert results[0].retry_after == 1.0
    # An unconfirmed message did arrive; the sender only does not know.
    assert [sent.message_id for sent in provider.outbox] == [1, 3]


def test_fates_go_by_the_last_digits_of_the_number():
    provider = make(fates={"91": "invalid_number", "95": "unconfirmed"})

    results = provider.send_many(
        [outbound(1, to="+37120000091"), outbound(2, to="+37120000095"), outbound(3)]
    )

    assert [result.outcome for result in results] == [
        Outcome.REFUSED,
        Outcome.UNCONFIRMED,
        Outcome.ACCEPTED,
    ]


def test_a_refusal_needs_its_reason():
    with pytest.raises(ValueError, match="ErrorKind"):
        make().plan(Outcome.REFUSED)


def test_r3_look_up_knows_exactly_what_is_in_the_outbox():
    provider = make()
    provider.send_many([outbound(1)])

    assert provider.find("1-1").outcome is LookupOutcome.FOUND
    assert provider.find("1-1").receipt.provider_message_id == "locmem-1-1"
    assert provider.find("1-2").outcome is LookupOutcome.NOT_KNOWN


def test_clearing_forgets_outbox_and_plan():
    provider = make(max_batch=50)
    provider.plan(ErrorKind.BLOCKED)
    provider.send_many([outbound(1)])
    provider.plan(ErrorKind.BLOCKED)

    provider.clear()

    assert provider.outbox == []
    assert provider.send_many([outbound(2)])[0].outcome is Outcome.ACCEPTED
    assert provider.max_batch == 50


@pytest.mark.parametrize(
    "options", [{"fates": {"91": "sick"}}, {"max_batch": 0}, {"maxbatch": 5}]
)
def test_wrong_options_are_named(options):
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        make(**options)
