"""What every provider must do, told by one case for each vendor.

A case names the vendor's own words for the situations of the contract. The suite in
``test_contract.py`` plays them over real sockets and expects the same of all.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from example_project.carrier.options import carrier_options
from sms_marketing.providers import BaseProvider, Outbound, WebhookRequest, build
from sms_marketing.providers.signatures import hmac_sha256_hex
from tests.providers.vendor import Action, answer

SECRET = "contract-secret-of-a-vendor"
TO, TEXT = "+37120000123", "Sveiki, Anna! Jūsu kods: 4821"


def outbound(number: int = 7, *, to: str = TO, attempt: int = 1) -> Outbound:
    """A message as sending hands it over."""
    return Outbound(
        message_id=number,
        attempt=attempt,
        to=to,
        text=TEXT,
        sender="SHOP",
        receipt_url="http://127.0.0.1:9/receipts",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Callbacks:
    """How this vendor calls back; each returns a proven request."""

    receipts: Callable[[list[tuple[str, str]]], WebhookRequest]
    """(reference, the vendor's word) pairs, all in one call."""
    words: Mapping[str, str]
    """Our status to the vendor's word."""
    unproven: Callable[[WebhookRequest], WebhookRequest]
    """The same without any proof."""
    spoilt: Callable[[WebhookRequest], WebhookRequest]
    """The same with another body or secret."""
    replayed: Callable[[WebhookRequest], WebhookRequest] | None
    """The same an hour later; None if the vendor signs no time."""
    inbound: Callable[[str, str], WebhookRequest] | None = None
    """An answer (from, text)."""
    receipts_at_once: int = 2
    """How many receipts one call can bring; the suite brings two at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One vendor before the contract."""

    backend: str
    options: Callable[[str], Mapping[str, Any]] = lambda url: {}
    secrets: tuple[str, ...] = ()
    networked: bool = False
    accepted: Action | None = None
    refused_for_good: Action | None = None
    refused_for_now: Action | None = None
    throttled: Action | None = None
    callbacks: Callbacks | None = None

    def provider(self, url: str = "http://127.0.0.1:9") -> BaseProvider:
        """The provider, configured for a vendor at this address."""
        spec = {"BACKEND": self.backend, "OPTIONS": self.options(url)}
        return build("contract", spec)


def _carrier_request(kind: str, items: list[dict[str, Any]]) -> WebhookRequest:
    body = json.dumps({"type": kind, kind: items}).encode()
    return _carrier_signed(body, str(int(time.time())))


def _carrier_signed(body: bytes, timestamp: str) -> WebhookRequest:
    signature = hmac_sha256_hex(SECRET, timestamp.encode() + b"." + body)
    return WebhookRequest(
        method="POST",
        path="/sms/webhooks/contract/receipts",
        query={},
        headers={
            "x-carrier-timestamp": timestamp,
            "x-carrier-signature": f"sha256={signature}",
        },
        body=body,
        content_type="application/json",
    )


def _without_headers(request: WebhookRequest) -> WebhookRequest:
    return _changed(request, headers={})


def _with_other_body(request: WebhookRequest) -> WebhookRequest:
    return _changed(request, body=request.body + b" ")


def _an_hour_old(request: WebhookRequest) -> WebhookRequest:
    return _carrier_signed(request.body, str(int(time.time()) - 3600))


def _changed(request: WebhookRequest, **over: Any) -> WebhookRequest:
    names = ("method", "path", "query", "headers", "body", "content_type")
    return WebhookRequest(**{name: getattr(request, name) for name in names} | over)


CARRIER = Case(
    backend="sms_marketing.providers.http.HttpProvider",
    options=lambda url: {**carrier_options(url, SECRET, bulk=False), "timeout": 0.3},
    secrets=(SECRET,),
    networked=True,
    accepted=answer(202, '{"id": "abc", "parts": 1, "reference": "7-1"}'),
    refused_for_good=answer(422, '{"error": "invalid_number"}'),
    refused_for_now=answer(408, '{"error": "busy"}'),
    throttled=answer(429, '{"error": "throttled"}', {"Retry-After": "3"}),
    callbacks=Callbacks(
        receipts=lambda pairs: _carrier_request(
            "receipts",
            [{"reference": ref, "id": "abc", "status": word} for ref, word in pairs],
        ),
        words={"delivered": "delivered", "undelivered": "undelivered"},
        unproven=_without_headers,
        spoilt=_with_other_body,
        replayed=_an_hour_old,
        inbound=lambda sender, text: _carrier_request(
            "messages", [{"id": "in-1", "from": sender, "to": "1234", "text": text}]
        ),
    ),
)

# A vendor of the other school: forms and queries, a password among the fields, status
# words in a 200, callbacks by GET with a token.
_OLD_SCHOOL_PASSWORD = "password-of-the-old-school"


def _old_school_callback(token: str, **fields: str) -> WebhookRequest:
    return WebhookRequest(
        method="GET",
        path="/sms/webhooks/contract/receipts",
        query={"token": token, **fields},
        headers={},
        body=b"",
    )


OLD_SCHOOL = Case(
    backend="sms_marketing.providers.http.HttpProvider",
    options=lambda url: {
        "url": f"{url}/sendsms",
        "format": "query",
        "timeout": 0.3,
        "fields": {
            "user": "shop",
            "password": _OLD_SCHOOL_PASSWORD,
            "to": "{to_digits}",
            "text": "{text}",
            "ref": "{reference}",
        },
        "success": {"path": "status", "in": [0, "ok"]},
        "id_path": "ids.0",
        "error_path": "status",
        "errors": {"7": "invalid_number", "8": "temporary", "1": "throttled"},
        "callback_proof": {
            "type": "token",
            "where": "query",
            "name": "token",
            "secret": ["token-of-the-old-school", "token-of-last-year"],
        },
        "receipts": {
            "where": "query",
            "reference_path": "ref",
            "status_path": "stat",
            "statuses": {"DELIVRD": "delivered", "UNDELIV": "undelivered"},
        },
    },
    secrets=(_OLD_SCHOOL_PASSWORD, "token-of-the-old-school"),
    networked=True,
    accepted=answer(200, '{"status": 0, "ids": ["abc"]}'),
    refused_for_good=answer(200, '{"status": 7}'),
    refused_for_now=answer(200, '{"status": 8}'),
    throttled=answer(200, '{"status": 1}', {"Retry-After": "3"}),
    callbacks=Callbacks(
        receipts=lambda pairs: _old_school_callback(
            "token-of-last-year", ref=pairs[0][0], stat=pairs[0][1]
        ),
        words={"delivered": "DELIVRD", "undelivered": "UNDELIV"},
        unproven=lambda request: _changed(request, query={"ref": "7-1"}),
        spoilt=lambda request: _changed(request, query={"token": "token-of-a-thief"}),
        replayed=None,
        receipts_at_once=1,
    ),
)

CASES = {
    "http-carrier": CARRIER,
    "http-old-school": OLD_SCHOOL,
    "locmem": Case(backend="sms_marketing.providers.locmem.LocmemProvider"),
    "console": Case(backend="sms_marketing.providers.console.ConsoleProvider"),
}
NETWORKED = {name: case for name, case in CASES.items() if case.networked}
CALLING = {name: case for name, case in CASES.items() if case.callbacks}
