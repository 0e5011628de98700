from __future__ import annotations

import base64
import json
import logging
from decimal import Decimal

import pytest

from example_project.carrier.options import carrier_options
from sms_marketing.exceptions import ProviderError
from sms_marketing.providers import (
    FORGED,
    MALFORMED,
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
    WebhookRequest,
    build,
)
from sms_marketing.providers.signatures import hmac_sha256_base64
from sms_marketing.providers.transport import (
    FakeTransport,
    MaybeSent,
    NotSent,
    Response,
)
from tests.providers.contract import outbound

BACKEND = "sms_marketing.providers.http.HttpProvider"
BASE = "http://127.0.0.1:9"
SECRET = "secret-of-sixteen-letters-or-more"
FIELDS = {"to": "{to}", "text": "{text}", "ref": "{reference}"}


def make(*script, **options):
    """A provider with these options before a scripted vendor."""
    options = {"url": f"{BASE}/send", "fields": FIELDS, **options}
    transport = FakeTransport(*script)
    spec = {"BACKEND": BACKEND, "OPTIONS": options}
    return build("shop", spec, transport=transport), transport


def make_carrier(*script, **over):
    return make(*script, **{**carrier_options(BASE, SECRET), **over})


def ok(body=None, status=200, **headers):
    raw = b"" if body is None else json.dumps(body).encode()
    return Response(status=status, headers=headers, body=raw)


def callback(body: bytes = b"", *, query=None, headers=None, path="/hook"):
    return WebhookRequest(
        method="POST", path=path, query=query or {}, headers=headers or {}, body=body
    )


# Requests


def test_json_is_the_default_and_keeps_every_letter():
    provider, transport = make(ok())

    provider.send_many([outbound()])

    (request,) = transport.requests
    assert request.method == "POST"
    assert request.headers["Content-Type"] == "application/json"
    assert json.loads(request.body)["text"] == outbound().text
    assert "ū".encode() in request.body


def test_forms_are_sent_as_forms():
    provider, transport = make(ok(), format="form")

    provider.send_many([outbound()])

    (request,) = transport.requests
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert b"to=%2B37120000123&text=Sveiki%2C+Anna%21+J%C5%ABsu" in request.body


@pytest.mark.parametrize(
    ("url", "start"), [(f"{BASE}/send", "/send?to="), (f"{BASE}/s?k=1", "/s?k=1&to=")]
)
def test_queries_are_appended_and_got(url, start):
    provider, transport = make(ok(), url=url, format="query")

    provider.send_many([outbound()])

    (request,) = transport.requests
    assert request.method == "GET"
    assert request.url.startswith(f"{BASE}{start}")
    assert request.body == b""


@pytest.mark.parametrize(
    ("auth", "name", "value"),
    [
        (
            {"type": "basic", "username": "me", "password": "pw"},
            "Authorization",
            "Basic " + base64.b64encode(b"me:pw").decode(),
        ),
        ({"type": "bearer", "token": "t"}, "Authorization", "Bearer t"),
        ({"type": "header", "name": "X-Key", "value": "k"}, "X-Key", "k"),
    ],
)
def test_credentials_travel_in_headers(auth, name, value):
    provider, transport = make(ok(), auth=auth, headers={"X-Ref": "{reference}"})

    provider.send_many([outbound()])

    assert transport.requests[0].headers[name] == value
    assert transport.requests[0].headers["X-Ref"] == "7-1"


def test_the_timeout_is_the_configured_one():
    provider, transport = make(ok(), timeout=3)

    provider.send_many([outbound()])

    assert transport.requests[0].timeout == 3


# Answers


def test_parts_price_and_id_are_read_exactly():
    provider, _ = make(
        Response(status=200, body=b'{"m": [{"id": 12, "n": 2, "p": 0.0310}]}'),
        id_path="m.0.id",
        parts_path="m.0.n",
        price_path="m.0.p",
        currency="EUR",
    )

    (result,) = provider.send_many([outbound()])

    assert result.outcome is Outcome.ACCEPTED
    assert (result.provider_message_id, result.part_count) == ("12", 2)
    assert (result.price, result.currency) == (Decimal("0.0310"), "EUR")


def test_a_vendor_that_only_says_ok_is_believed():
    provider, _ = make(Response(status=200, body=b"OK"))

    assert provider.send_many([outbound()])[0].outcome is Outcome.ACCEPTED


def test_another_2xx_than_the_promised_one_is_unconfirmed():
    provider, _ = make(ok({"id": 1}), success_statuses=[202])

    assert provider.send_many([outbound()])[0].outcome is Outcome.UNCONFIRMED


def test_a_word_that_is_no_success_is_a_refusal():
    provider, _ = make(
        ok({"status": "9", "wait": 7}),
        success={"path": "status", "equals": 0},
        error_path="status",
        errors={"9": "no_credit"},
        retry_after_path="wait",
    )

    (result,) = provider.send_many([outbound()])

    assert result.outcome is Outcome.REFUSED
    assert result.error_kind is ErrorKind.NO_CREDIT
    assert result.retry_after == 7


def test_an_error_code_without_translation_is_unknown():
    provider, _ = make(ok({"error": "E77"}), error_path="error")

    (result,) = provider.send_many([outbound()])

    assert result.error_kind is ErrorKind.UNKNOWN
    assert result.error_code == "E77"


@pytest.mark.parametrize(
    ("errors", "body", "outcome", "kind"),
    [
        ({"503": "temporary"}, None, Outcome.REFUSED, ErrorKind.TEMPORARY),
        (
            {"full": "throttled"},
            {"error": "FULL"},
            Outcome.REFUSED,
            ErrorKind.THROTTLED,
        ),
        ({"500": "temporary"}, None, Outcome.UNCONFIRMED, ErrorKind.UNKNOWN),
    ],
)
def test_a_fallen_server_took_nothing_only_where_the_options_say_so(
    errors, body, outcome, kind
):
    provider, _ = make(ok(body, 503), error_path="error", errors=errors)

    (result,) = provider.send_many([outbound()])

    assert (result.outcome, result.error_kind) == (outcome, kind)
    assert "503" in result.detail


def test_a_long_id_is_cut_to_what_can_be_stored():
    provider, _ = make(ok({"id": "x" * 500}), id_path="id")

    assert len(provider.send_many([outbound()])[0].provider_message_id) == 128


# Bulk


def test_many_messages_travel_in_one_call_and_are_told_apart():
    provider, transport = make_carrier(
        ok(
            {
                "messages": [
                    {"reference": "2-1", "error": "throttled", "retry_after": 4},
                    {"reference": "1-1", "id": "a", "parts": 1},
                    {"reference": "4-1"},
                    "nonsense",
                ]
            },
            202,
        ),
        headers={"X-Ref": "{reference}", "X-App": "shop"},
    )

    results = provider.send_many([outbound(number) for number in (1, 2, 3, 4)])

    (request,) = transport.requests
    assert request.url.endswith("/messages/batch")
    assert "X-Ref" not in request.headers
    assert request.headers["X-App"] == "shop"
    assert [item["reference"] for item in json.loads(request.body)["messages"]] == [
        "1-1",
        "2-1",
        "3-1",
        "4-1",
    ]
    assert [result.outcome for result in results] == [
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.UNCONFIRMED,  # not mentioned
        Outcome.UNCONFIRMED,  # mentioned without an id
    ]
    assert results[1].retry_after == 4


def test_one_message_takes_the_single_address():
    provider, transport = make_carrier(ok({"id": "a"}, 202))

    provider.send_many([outbound()])

    assert transport.requests[0].url == f"{BASE}/messages"


def test_what_all_share_is_sent_once():
    batch = {
        **carrier_options(BASE, SECRET)["batch"],
        "shared": {"account": "shop"},
    }
    provider, transport = make_carrier(ok({}), batch=batch)

    provider.send_many([outbound(1), outbound(2)])

    assert json.loads(transport.requests[0].body)["account"] == "shop"


def test_r6_one_bad_number_does_not_take_the_others_along():
    def vendor(request):
        if request.url.endswith("/batch") or b'"2-1"' in request.body:
            return ok({"error": "invalid_number"}, 422)
        return ok({"id": "a"}, 202)

    provider, transport = make_carrier(vendor)

    results = provider.send_many([outbound(1), outbound(2), outbound(3)])

    assert [result.outcome for result in results] == [
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.ACCEPTED,
    ]
    assert len(transport.requests) == 4


@pytest.mark.parametrize(
    ("answer", "outcome", "kind"),
    [
        (ok({"error": "throttled"}, 429), Outcome.REFUSED, ErrorKind.THROTTLED),
        (ok({}, 401), Outcome.REFUSED, ErrorKind.SENDER_CONFIG),
        (ok({}, 500), Outcome.UNCONFIRMED, ErrorKind.UNKNOWN),
        (ok("nonsense", 200), Outcome.UNCONFIRMED, ErrorKind.UNKNOWN),
        (NotSent("refused", "x"), Outcome.REFUSED, ErrorKind.TEMPORARY),
        (MaybeSent("timeout", "x"), Outcome.UNCONFIRMED, ErrorKind.UNKNOWN),
    ],
    ids=["throttled", "unauthorized", "500", "nonsense", "refused", "timeout"],
)
def test_r3_a_call_that_fails_as_a_whole_is_made_once(answer, outcome, kind):
    provider, transport = make_carrier(answer)

    results = provider.send_many([outbound(1), outbound(2)])

    assert {(r.outcome, r.error_kind) for r in results} == {(outcome, kind)}
    assert len(transport.requests) == 1


# Callbacks

HMAC = {"type": "hmac", "secret": SECRET, "header": "X-Sig", "encoding": "base64"}
RECEIPTS = {
    "reference_path": "ref",
    "id_path": "id",
    "status_path": "state",
    "statuses": {"DELIVRD": "delivered", "UNDELIV": "undelivered"},
    "error_path": "err",
    "errors": {"011": "opted_out"},
    "parts_path": "parts",
    "price_path": "price",
    "currency": "EUR",
    "occurred_at_path": "at",
}


def test_a_signature_without_a_time_covers_the_body():
    provider, _ = make(ok(), callback_proof=HMAC, receipts=RECEIPTS)
    body = b'{"ref": "7-1"}'
    good = {"x-sig": hmac_sha256_base64(SECRET, body)}

    provider.verify(callback(body, headers=good))
    with pytest.raises(ProviderError) as caught:
        provider.verify(callback(body + b" ", headers=good))

    assert caught.value.kind == FORGED


@pytest.mark.parametrize(
    ("proof", "good"),
    [
        ({"where": "header", "name": "X-Token"}, {"headers": {"x-token": SECRET}}),
        ({"where": "query", "name": "key"}, {"query": {"key": SECRET}}),
        ({"where": "path"}, {"path": f"/hook/{SECRET}/"}),
    ],
    ids=["header", "query", "path"],
)
def test_a_token_is_looked_for_where_it_belongs(proof, good):
    provider, _ = make(
        ok(),
        callback_proof={"type": "token", "secret": SECRET, **proof},
        receipts=RECEIPTS,
    )

    provider.verify(callback(**good))
    with pytest.raises(ProviderError):
        provider.verify(callback())


def test_without_a_proof_nothing_is_believed():
    provider, _ = make(ok())

    with pytest.raises(ProviderError) as caught:
        provider.verify(callback(b"{}"))

    assert caught.value.kind == FORGED
    assert provider.parse_receipts(callback(b"{}")) == []
    assert provider.parse_inbound(callback(b"{}")) == []


def test_a_receipt_brings_everything_that_the_options_name():
    provider, _ = make(ok(), callback_proof=HMAC, receipts=RECEIPTS)
    body = (
        b'{"ref": "7-1", "id": "abc", "state": "undeliv", "err": "011", "parts": 2,'
        b' "price": 0.10, "at": "2026-11-24T10:00:00Z"}'
    )

    (receipt,) = provider.parse_receipts(callback(body))

    assert receipt.status is ReceiptStatus.UNDELIVERED
    assert receipt.error_kind is ErrorKind.OPTED_OUT
    assert (receipt.error_code, receipt.part_count) == ("011", 2)
    assert (receipt.price, receipt.currency) == (Decimal("0.10"), "EUR")
    assert receipt.occurred_at.isoformat() == "2026-11-24T10:00:00+00:00"


def test_r6_an_item_that_names_nobody_is_left_out_and_counted(caplog):
    provider, _ = make(ok(), callback_proof=HMAC, receipts=RECEIPTS)
    body = b'[{"ref": "1-1", "state": "DELIVRD"}, {"state": "DELIVRD"}, 5, null]'

    with caplog.at_level(logging.WARNING):
        receipts = provider.parse_receipts(callback(body))

    assert [receipt.reference for receipt in receipts] == ["1-1"]
    assert "Left out 3 receipts" in caplog.text


def test_forms_are_read_as_forms():
    provider, _ = make(
        ok(), callback_proof=HMAC, receipts={**RECEIPTS, "where": "form"}
    )

    (receipt,) = provider.parse_receipts(callback(b"ref=7-1&state=DELIVRD&price="))

    assert receipt.status is ReceiptStatus.DELIVERED
    assert receipt.price is None
    assert receipt.currency == ""


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"type": "receipts"}', b'{"type": "receipts", "receipts": 5}']
)
def test_a_proven_callback_that_cannot_be_read_is_malformed(body):
    provider, _ = make_carrier(ok())

    with pytest.raises(ProviderError) as caught:
        provider.parse_receipts(callback(body))

    assert caught.value.kind == MALFORMED


def test_an_answer_from_nobody_is_left_out(caplog):
    provider, _ = make_carrier(ok())
    body = json.dumps(
        {
            "type": "messages",
            "messages": [
                {"id": "1", "from": "+37120000001", "to": "1234", "text": "STOP"},
                {"id": "2", "text": "who am I"},
            ],
        }
    ).encode()

    (inbound,) = provider.parse_inbound(callback(body))

    assert inbound.provider_message_id == "1"
    assert (inbound.to, inbound.received_at) == ("1234", None)
    assert "Left out 1 answers" in caplog.text
    assert "who am I" not in caplog.text


# Look-up and credentials


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (ok({"known": True, "status": "delivered", "id": "a"}), LookupOutcome.FOUND),
        (ok({"known": False}), LookupOutcome.NOT_KNOWN),
        (ok({"known": False}, 404), LookupOutcome.NOT_KNOWN),
        (ok({}, 404), LookupOutcome.UNANSWERED),
        (ok({"known": True, "status": "odd"}), LookupOutcome.UNANSWERED),
        (ok({"known": True, "status": "delivered"}, 500), LookupOutcome.UNANSWERED),
        (Response(status=200, body=b"<html>"), LookupOutcome.UNANSWERED),
        (NotSent("refused", "x"), LookupOutcome.UNANSWERED),
        (MaybeSent("timeout", "x"), LookupOutcome.UNANSWERED),
    ],
)
def test_r3_only_the_vendors_own_words_make_a_reference_not_known(answer, outcome):
    provider, transport = make_carrier(answer)

    lookup = provider.find("7-1")

    assert lookup.outcome is outcome
    assert transport.requests[0].url == f"{BASE}/lookup?reference=7-1"
    assert transport.requests[0].headers["Authorization"] == f"Bearer {SECRET}"


def test_what_is_found_comes_with_its_status():
    provider, _ = make_carrier(ok({"known": True, "status": "expired", "id": "a"}))

    receipt = provider.find("7-1").receipt

    assert (receipt.reference, receipt.provider_message_id) == ("7-1", "a")
    assert receipt.status is ReceiptStatus.EXPIRED


def test_a_reference_cannot_change_the_question():
    provider, transport = make_carrier(ok({"known": False}))

    provider.find("7-1&reference=8-1")

    assert transport.requests[0].url.endswith("reference=7-1%26reference%3D8-1")


def test_looking_up_may_have_words_of_its_own():
    lookup = {
        **carrier_options(BASE, SECRET)["lookup"],
        "statuses": {"arrived": "delivered"},
    }
    provider, _ = make_carrier(ok({"status": "arrived"}), lookup=lookup)

    assert provider.find("7-1").outcome is LookupOutcome.FOUND


def test_without_a_look_up_nothing_is_asked():
    provider, transport = make(ok())

    assert provider.find("7-1").outcome is LookupOutcome.UNSUPPORTED
    assert transport.requests == []


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (ok({"ok": True}), None),
        (ok({}, 401), "does not accept the credentials"),
        (ok({}, 500), "answered 500"),
        (NotSent("refused", "127.0.0.1 refuses connections"), "refuses connections"),
    ],
)
def test_faulty_credentials_are_explained_to_people(answer, fault):
    provider, _ = make_carrier(answer)

    faults = provider.check_credentials()

    assert faults == [] if fault is None else fault in faults[0]


def test_without_an_address_to_check_nothing_is_asked():
    provider, transport = make(ok())

    assert provider.check_credentials() == []
    assert transport.requests == []


def test_closing_closes_the_transport():
    provider, transport = make(ok())

    provider.close()

    assert transport.is_closed
