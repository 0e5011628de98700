"""A webhook is verified before it is read and stored before it is answered (R7)."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import time

import pytest
from django.conf import settings as django_settings
from django.test import Client, override_settings

from example_project.carrier.options import carrier_options
from sms_marketing import providers
from sms_marketing.core import clock
from sms_marketing.models import InboundMessage, MessageStatus, ReceiptRecord
from sms_marketing.providers.locmem import LocmemProvider
from tests.factories import make_message, make_sender

pytestmark = pytest.mark.django_db
SECRET = "secret-of-the-carrier-in-this-test"
RECEIPTS, INBOUND = "/sms/webhooks/default/receipts", "/sms/webhooks/default/inbound"


@pytest.fixture(autouse=True)
def carrier():
    spec = {
        "BACKEND": "sms_marketing.providers.http.HttpProvider",
        "OPTIONS": carrier_options("http://127.0.0.1:9", SECRET),
    }
    given = {**django_settings.SMS_MARKETING, "PROVIDERS": {"default": spec}}
    with override_settings(SMS_MARKETING=given):
        yield
    providers.reset()


def signed(body: bytes, *, secret: str = SECRET, at: float | None = None) -> dict:
    timestamp = str(int(at or time.time()))
    digest = hmac.new(
        secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256
    ).hexdigest()
    return {
        "X-Carrier-Timestamp": timestamp,
        "X-Carrier-Signature": f"sha256={digest}",
    }


def post(client: Client, url: str, data: object, **proof: object):
    body = json.dumps(data).encode()
    return client.post(
        url, body, content_type="application/json", headers=signed(body, **proof)
    )


def receipt_of(message, status: str = "delivered") -> dict:
    return {
        "type": "receipts",
        "receipts": [
            {
                "reference": f"{message.pk}-{message.attempt}",
                "id": "c-1",
                "status": status,
                "at": clock.now().isoformat(),
                "parts": 1,
            }
        ],
    }


@pytest.fixture
def sent():
    return make_message(
        status=MessageStatus.SENT, sent_at=clock.now(), attempt=1, part_count=1
    )


def test_a_receipt_is_stored_and_applied(
    client, sent, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = post(client, RECEIPTS, receipt_of(sent))

    sent.refresh_from_db()
    assert answer.status_code == 200
    assert sent.status == MessageStatus.DELIVERED
    assert sent.delivered_at is not None


@pytest.mark.parametrize(
    "proof", [{"secret": "forged"}, {"at": 1_000_000_000}], ids=str
)
def test_r7_a_forged_or_stale_receipt_changes_nothing(client, sent, proof, caplog):
    with caplog.at_level(logging.WARNING):
        answer = post(client, RECEIPTS, receipt_of(sent), **proof)

    assert answer.status_code == 403
    assert not ReceiptRecord.objects.exists()
    assert sent.to_phone not in caplog.text
    assert SECRET not in caplog.text


def test_r7_a_repeated_receipt_is_harmless(
    client, sent, django_capture_on_commit_callbacks
):
    for status in ("delivered", "delivered", "accepted"):
        with django_capture_on_commit_callbacks(execute=True):
            assert post(client, RECEIPTS, receipt_of(sent, status)).status_code == 200

    sent.refresh_from_db()
    assert sent.status == MessageStatus.DELIVERED


def test_a_receipt_that_is_no_receipt_is_told_so(client):
    body = b"<xml>"
    answer = client.post(
        RECEIPTS, body, content_type="application/json", headers=signed(body)
    )

    assert answer.status_code == 400


@override_settings(
    SMS_MARKETING={**django_settings.SMS_MARKETING, "WEBHOOK_MAX_BYTES": 10}
)
def test_a_body_without_end_is_not_read(client):
    answer = client.post(RECEIPTS, b"x" * 11, content_type="application/json")

    assert answer.status_code == 413


def test_an_unknown_provider_is_not_found(client):
    assert client.post("/sms/webhooks/nobody/receipts").status_code == 404


def test_no_csrf_token_is_asked_of_a_carrier(sent):
    strict = Client(enforce_csrf_checks=True)

    assert post(strict, RECEIPTS, receipt_of(sent)).status_code == 200


def test_a_reply_is_kept_once_and_stops_at_once(client, sent):
    sender = make_sender()
    reply = {
        "type": "messages",
        "messages": [
            {
                "id": "mo-1",
                "from": sent.to_phone,
                "to": sender.address,
                "text": "Stop!",
                "at": clock.now().isoformat(),
            }
        ],
    }
    for _time in range(2):
        assert post(client, INBOUND, reply).status_code == 200

    kept = InboundMessage.objects.get()
    assert kept.contact == sent.contact
    assert kept.action == InboundMessage.Action.STOP


def test_a_vendor_without_signatures_may_carry_its_secret_in_the_path(
    client, sent, caplog
):
    options = {
        **carrier_options("http://127.0.0.1:9", SECRET),
        "callback_proof": {"type": "token", "where": "path", "secret": SECRET},
    }
    spec = {
        "BACKEND": "sms_marketing.providers.http.HttpProvider",
        "OPTIONS": options,
    }
    given = {**django_settings.SMS_MARKETING, "PROVIDERS": {"default": spec}}
    body = json.dumps(receipt_of(sent))

    def call(url: str) -> int:
        return client.post(url, body, content_type="application/json").status_code

    with override_settings(SMS_MARKETING=given):
        assert call(f"{RECEIPTS}/{SECRET}") == 200
        assert call(f"{INBOUND}/{SECRET}") == 200
        assert call(RECEIPTS) == call(f"{RECEIPTS}/guessed") == 403
        body = "<xml>"
        assert call(f"{RECEIPTS}/{SECRET}") == 400
        elsewhere = RECEIPTS.replace("default", "nobody")
        assert call(f"{elsewhere}/{SECRET}") == 404
    assert ReceiptRecord.objects.count() == 1
    assert "webhook of default not understood: malformed" in caplog.text
    assert SECRET not in caplog.text


class BrokenProvider(LocmemProvider):
    """Quotes what it was given, as foreign code does."""

    def verify(self, request):
        """Trusts everybody."""

    def parse_receipts(self, request):
        raise LookupError(request.body.decode())


def test_r7_r10_what_fails_while_it_is_stored_is_called_again_and_not_quoted(
    client, sent, caplog
):
    spec = {"BACKEND": f"{__name__}.BrokenProvider"}
    given = {**django_settings.SMS_MARKETING, "PROVIDERS": {"default": spec}}
    with override_settings(SMS_MARKETING=given):
        answer = client.post(RECEIPTS, sent.to_phone, content_type="text/plain")

    assert answer.status_code == 500
    assert "webhook of default failed: LookupError at " in caplog.text
    assert sent.to_phone not in caplog.text
