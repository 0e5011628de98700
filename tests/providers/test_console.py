from __future__ import annotations

import io

import pytest

from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers import build
from sms_marketing.providers.console import ConsoleProvider
from tests.providers.contract import TEXT, TO, outbound


def test_it_writes_number_and_text_to_its_stream():
    stream = io.StringIO()

    ConsoleProvider("dev", stream=stream).send_many([outbound()])

    assert TO in stream.getvalue()
    assert TEXT in stream.getvalue()


def test_r10_it_writes_to_the_terminal_and_never_to_a_log(capsys, caplog):
    ConsoleProvider("dev").send_many([outbound()])

    assert TEXT in capsys.readouterr().out
    assert caplog.text == ""


def test_it_has_no_options():
    with pytest.raises(ConfigurationError, match="stream"):
        build(
            "dev",
            {
                "BACKEND": "sms_marketing.providers.console.ConsoleProvider",
                "OPTIONS": {"stream": "stdout"},
            },
        )
