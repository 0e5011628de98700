from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.test import override_settings

from sms_marketing import providers
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.providers.transport import FakeTransport, Response

LOCMEM = {"BACKEND": "sms_marketing.providers.locmem.LocmemProvider"}
CONSOLE = {"BACKEND": "sms_marketing.providers.console.ConsoleProvider"}


def with_providers(**specs):
    return override_settings(SMS_MARKETING={"PROVIDERS": specs})


def test_an_alias_is_one_provider_for_all():
    with with_providers(default=LOCMEM):
        assert isinstance(providers.get_provider(), LocmemProvider)
        assert providers.get_provider("default") is providers.get_provider("default")


def test_threads_that_ask_at_once_get_the_same():
    together = threading.Barrier(8)

    def ask(_):
        together.wait(5)
        return providers.get_provider()

    with with_providers(default=LOCMEM), ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(ask, range(8)))) == 1


def test_new_settings_make_new_providers():
    with with_providers(default=LOCMEM):
        old = providers.get_provider()
    with with_providers(default=CONSOLE):
        assert providers.get_provider().code == "console"
    with with_providers(default=LOCMEM):
        assert providers.get_provider() is not old


def test_other_settings_change_nothing():
    with with_providers(default=LOCMEM):
        old = providers.get_provider()
        with override_settings(LANGUAGE_CODE="lv"):
            assert providers.get_provider() is old


def test_resetting_closes_the_connections():
    transport = FakeTransport(Response(status=200))
    with with_providers(default=LOCMEM):
        providers.get_provider().transport = transport

        providers.reset()

    assert transport.is_closed


def test_an_unknown_alias_names_the_known_ones():
    with (
        with_providers(a=LOCMEM, b=CONSOLE),
        pytest.raises(ConfigurationError, match=r'no "c".*a, b'),
    ):
        providers.get_provider("c")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("locmem", "must be a dict"),
        ({}, r'\["BACKEND"\] is missing'),
        ({"BACKEND": "no.such.Thing"}, r'\["BACKEND"\] cannot be imported'),
        ({"BACKEND": "django.http.HttpRequest"}, "must name a subclass"),
        ({**LOCMEM, "OPTIONS": []}, r'\["OPTIONS"\] must be a dict'),
        ({**LOCMEM, "OPTION": {}}, "has no option OPTION"),
    ],
)
def test_a_wrong_spec_says_what_to_write(spec, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        providers.build("default", spec)

    assert 'SMS_MARKETING["PROVIDERS"]["default"]' in str(caught.value)
