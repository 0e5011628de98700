from __future__ import annotations

from dataclasses import replace

import pytest

from sms_marketing.exceptions import ProviderError
from sms_marketing.providers import MALFORMED, BaseProvider, WebhookRequest, build
from tests.providers.contract import CASES, SECRET, outbound


def request(body: bytes) -> WebhookRequest:
    return WebhookRequest(method="POST", path="/", query={}, headers={}, body=body)


def test_a_reference_names_message_and_attempt():
    assert outbound(12, attempt=3).reference == "12-3"
    assert replace(outbound(12), reference="ours").reference == "ours"


def test_a_form_is_read_with_its_empty_fields():
    assert request(b"a=1&b=&c=%C4%B7").form() == {"a": "1", "b": "", "c": "ķ"}


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"1" * 10_000])
def test_what_is_no_json_is_malformed(body):
    with pytest.raises(ProviderError) as caught:
        request(body).json()

    assert caught.value.kind == MALFORMED


def test_what_is_no_text_is_no_form():
    with pytest.raises(ProviderError) as caught:
        request(b"\xff").form()

    assert caught.value.kind == MALFORMED


def test_r10_options_are_shown_without_secrets():
    provider = CASES["http-carrier"].provider("http://127.0.0.1:9")

    shown = provider.describe()

    assert SECRET not in str(shown)
    assert shown["auth"] == {"type": "bearer", "token": "••••"}
    assert shown["lookup"]["url"] == "http://127.0.0.1:9/lookup"
    assert shown["receipts"]["list_path"] == "receipts"


def test_a_vendor_that_only_sends_is_complete():
    class Vendor(BaseProvider):
        code = name = "vendor"

    vendor = Vendor("default")

    assert vendor.check_credentials() == []
    assert vendor.options_path == 'SMS_MARKETING["PROVIDERS"]["default"]["OPTIONS"]'
    with pytest.raises(NotImplementedError):
        vendor.send_many([outbound()])


def test_build_takes_a_spec_without_options():
    backend = "sms_marketing.providers.locmem.LocmemProvider"

    assert build("x", {"BACKEND": backend}).alias == "x"
