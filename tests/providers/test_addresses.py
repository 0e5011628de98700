from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from sms_marketing.providers.addresses import address_fault, is_loopback


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"]
)
def test_this_machine_has_several_names(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "0.0.0.0", "localhost.evil.test", "127.0.0.1.evil.test", ""]
)
def test_nothing_else_is_this_machine(host):
    assert not is_loopback(host)


def test_plain_http_may_be_allowed_and_https_needs_no_leave():
    plain, tls = urlsplit("http://a.test/x"), urlsplit("https://a.test/x")

    assert "allow_http" in address_fault(plain)
    assert address_fault(plain, allow_http=True) == ""
    assert address_fault(tls) == ""
    assert "only this machine" in address_fault(tls, loopback_only=True)
    assert "https://" in address_fault(urlsplit("a.test/x"))
    assert "auth" in address_fault(urlsplit("https://u@a.test/x"))
