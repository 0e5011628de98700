"""The reference page lists every setting, with its default."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import override_settings

from sms_marketing.conf import Settings

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"
ROWS = dict(re.findall(r"^\| `(\w+)` \| (.+?) \|", PAGE.read_text(), re.M))


def test_every_setting_is_on_the_page_and_no_other() -> None:
    assert set(ROWS) == {item.name for item in fields(Settings)}


@pytest.mark.parametrize("item", fields(Settings), ids=lambda item: item.name)
def test_default_on_the_page_is_the_real_one(item) -> None:
    if item.default is not MISSING:
        shown = ROWS[item.name].strip("`").replace('"', "'")
        assert shown == repr(item.default)


@override_settings(SMS_MARKETING={"PROVIDRS": {}})
def test_an_unknown_key_is_named_by_the_system_check() -> None:
    found = [message for message in run_checks() if message.id == "sms_marketing.E001"]

    assert len(found) == 1
    assert "PROVIDRS" in found[0].msg
    assert "PROVIDERS" in found[0].msg
