from __future__ import annotations

import importlib
import logging
import pkgutil
import socket
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from sms_marketing import providers
from sms_marketing.exceptions import ProviderError
from sms_marketing.providers import (
    BaseProvider,
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
)
from tests.providers.contract import (
    CALLING,
    CASES,
    NETWORKED,
    TEXT,
    TO,
    outbound,
)
from tests.providers.vendor import answer, drop, raw, silence

every = pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
networked = pytest.mark.parametrize("case", NETWORKED.values(), ids=list(NETWORKED))
calling = pytest.mark.parametrize("case", CALLING.values(), ids=list(CALLING))


def _all_providers():
    for module in pkgutil.iter_modules(providers.__path__):
        importlib.import_module(f"{providers.__name__}.{module.name}")
    return {
        f"{one.__module__}.{one.__qualname__}"
        for one in BaseProvider.__subclasses__()
        if one.__module__.startswith(providers.__name__)
    }


def test_every_provider_of_the_package_is_under_contract():
    assert _all_providers() == {case.backend for case in CASES.values()}


@every
def test_it_says_who_it_is_and_shows_no_options(case):
    provider = case.provider()

    assert provider.code
    assert provider.name
    assert provider.max_batch >= 1
    assert repr(provider).endswith("'contract'>")


@every
def test_each_message_gets_its_result_in_order(case, vendor):
    vendor.will(case.accepted or answer())
    provider = case.provider(vendor.url)
    batch = [outbound(1), outbound(2), outbound(3)]

    results = provider.send_many(batch)
    provider.close()

    assert [result.reference for result in results] == ["1-1", "2-1", "3-1"]
    assert {result.outcome for result in results} == {Outcome.ACCEPTED}
    assert all(result.provider_message_id for result in results)


@networked
def test_it_hands_over_number_text_and_reference(case, vendor):
    vendor.will(case.accepted)

    case.provider(vendor.url).send_many([outbound()])

    seen = vendor.seen[0]
    everything = seen.line.encode() + seen.body
    assert TO.lstrip("+").encode() in everything
    assert b"7-1" in everything


@networked
def test_a_permanent_refusal_is_final(case, vendor):
    vendor.will(case.refused_for_good)

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind is ErrorKind.INVALID_NUMBER
    assert result.error_kind.suppresses
    assert not result.error_kind.is_retryable
    assert result.error_code


@networked
def test_a_temporary_refusal_may_be_tried_again(case, vendor):
    vendor.will(case.refused_for_now)

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind is ErrorKind.TEMPORARY


@networked
def test_throttling_says_how_long_to_wait(case, vendor):
    vendor.will(case.throttled)

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind is ErrorKind.THROTTLED
    assert result.retry_after == 3


@networked
def test_429_with_a_date_is_throttling_as_well(case, vendor):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90))
    vendor.will(answer(429, "", {"Retry-After": date}))

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.error_kind is ErrorKind.THROTTLED
    assert 80 < result.retry_after <= 90


@networked
@pytest.mark.parametrize(
    "action",
    [
        silence(0.6),
        drop,
        raw(b"nonsense"),
        answer(500, "oops"),
        answer(503),
        answer(302),
    ],
    ids=["silence", "dropped", "no http", "500", "503", "302"],
)
def test_r3_what_may_have_been_taken_is_unconfirmed_and_not_repeated(
    case, vendor, action
):
    vendor.will(action)

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.UNCONFIRMED
    assert len(vendor.seen) == 1


@networked
@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '"x"', "null", "\xff", "[" * 10_000]
)
def test_r3_an_unreadable_success_is_unconfirmed(case, vendor, body):
    vendor.will(answer(200, body))

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.UNCONFIRMED


@networked
def test_a_refused_connection_is_surely_not_sent(case):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    (result,) = case.provider(url).send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind is ErrorKind.TEMPORARY
    assert result.error_code == "refused"


@networked
@pytest.mark.parametrize("status", [401, 403, 404])
def test_wrong_credentials_concern_the_account(case, vendor, status):
    vendor.will(answer(status, "{}"))

    (result,) = case.provider(vendor.url).send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind.is_account_level


@networked
def test_r10_no_personal_data_and_no_secret_in_logs_results_and_errors(
    case, vendor, caplog
):
    caplog.set_level(logging.DEBUG)
    echo = f'{{"error": "no route to {TO}: {TEXT}", "status": "{TO}"}}'
    vendor.will(answer(400, echo), answer(500, echo), drop)
    provider = case.provider(vendor.url)

    results = [provider.send_many([outbound()])[0] for _ in range(3)]

    private = (*case.secrets, TO, TO.lstrip("+"), TEXT, "4821")
    shown = [repr(provider), str(provider.describe()), caplog.text]
    shown += [f"{result.detail} {result.error_code}" for result in results]
    assert not [word for word in private for text in shown if word in text and word]


@every
def test_what_it_cannot_look_up_it_says(case):
    provider = case.provider()

    if not provider.supports_lookup:
        assert provider.find("1-1").outcome is LookupOutcome.UNSUPPORTED


@networked
def test_r3_a_failed_look_up_is_never_taken_for_not_known(case, vendor):
    provider = case.provider(vendor.url)
    outcomes = set()
    for action in (
        answer(404),
        answer(404, "{}"),
        answer(500),
        drop,
        answer(200, "[]"),
    ):
        vendor.will(action)
        outcomes.add(provider.find("1-1").outcome)

    assert LookupOutcome.NOT_KNOWN not in outcomes
    assert LookupOutcome.FOUND not in outcomes


@every
def test_r7_whoever_makes_no_callbacks_believes_none(case):
    provider = case.provider()
    if provider.supports_receipts:
        return
    request = CASES["http-carrier"].callbacks.receipts([("7-1", "delivered")])

    with pytest.raises(ProviderError) as caught:
        provider.verify(request)

    assert caught.value.kind == providers.FORGED
    assert provider.parse_receipts(request) == []
    assert provider.parse_inbound(request) == []


@calling
def test_a_proven_receipt_is_believed_and_translated(case):
    provider, callbacks = case.provider(), case.callbacks
    for ours, theirs in callbacks.words.items():
        request = callbacks.receipts([("7-1", theirs)])

        provider.verify(request)
        (receipt,) = provider.parse_receipts(request)

        assert receipt.reference == "7-1"
        assert receipt.status is ReceiptStatus(ours)
    assert provider.answer(request).status == 200


@calling
def test_an_unknown_status_is_unknown_and_no_fault(case):
    request = case.callbacks.receipts([("7-1", "SURPRISE")])

    (receipt,) = case.provider().parse_receipts(request)

    assert receipt.status is ReceiptStatus.UNKNOWN
    assert receipt.error_kind is None


@calling
@pytest.mark.parametrize("how", ["unproven", "spoilt", "replayed"])
def test_r7_a_callback_without_a_fresh_proof_is_refused(case, how):
    change = getattr(case.callbacks, how)
    if change is None:
        return  # this vendor signs no time; R7: a replay is harmless
    request = change(case.callbacks.receipts([("7-1", "delivered")]))

    with pytest.raises(ProviderError) as caught:
        case.provider().verify(request)

    assert caught.value.kind == providers.FORGED
    shown = "".join(traceback.format_exception(caught.value))
    assert not [secret for secret in case.secrets if secret in shown]


@calling
def test_receipts_that_come_together_are_all_read(case):
    words = case.callbacks.words
    pairs = [("7-1", words["delivered"]), ("8-1", words["undelivered"])]
    pairs = pairs[: case.callbacks.receipts_at_once]

    receipts = case.provider().parse_receipts(case.callbacks.receipts(pairs))

    assert [receipt.reference for receipt in receipts] == [ref for ref, _ in pairs]


@calling
def test_what_people_answer_is_read_where_the_vendor_brings_it(case):
    provider = case.provider()
    if case.callbacks.inbound is None:
        assert not provider.supports_inbound
        return
    request = case.callbacks.inbound("+37120000111", "STOP")

    provider.verify(request)
    (inbound,) = provider.parse_inbound(request)

    assert (inbound.from_phone, inbound.text) == ("+37120000111", "STOP")
    assert provider.parse_receipts(request) == []
