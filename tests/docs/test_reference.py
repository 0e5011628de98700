"""The pages say what the code says: signals, commands, permissions, providers."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.dispatch import Signal

from sms_marketing import checks, providers, signals
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers import BaseProvider, ErrorKind, ReceiptStatus
from sms_marketing.providers.http_mapping import PLACEHOLDERS
from sms_marketing.providers.http_options import HttpOptions

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "sms_marketing"
REFERENCE = ROOT / "docs/reference"
HTTP = "sms_marketing.providers.http.HttpProvider"
SIGNALS = {
    name: value for name, value in vars(signals).items() if isinstance(value, Signal)
}
#: Options that Django gives to every command.
BUILT_IN = (
    "--version",
    "--settings",
    "--pythonpath",
    "--traceback",
    "--no-color",
    "--force-color",
    "--skip-checks",
)

PERMISSION = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.M)
ABLE, OPTIONS = "What a provider can do", "Options of the HTTP provider"
TOKEN = {"type": "token", "secret": "s" * 16, "name": "key"}
FULL: dict[str, Any] = {
    "url": "https://api.vendor.example/sms",
    "auth": {"type": "bearer", "token": "t"},
    "fields": {"to": "{to}", "text": "{text}", "ref": "{reference}"},
    "batch": {
        "url": "https://api.vendor.example/many",
        "list_path": "messages",
        "results_path": "results",
        "reference_path": "ref",
    },
    "success": {"path": "ok", "equals": True},
    "callback_proof": {"type": "hmac", "secret": "s" * 16, "header": "X-Signature"},
    "receipts": {
        "reference_path": "ref",
        "id_path": "id",
        "status_path": "state",
        "statuses": {"DELIVRD": "delivered"},
    },
    "inbound": {"from_path": "from", "text_path": "text"},
    "lookup": {
        "url": "https://api.vendor.example/find?ref={reference}",
        "status_path": "state",
        "not_found": {"path": "found", "equals": False},
    },
    "idempotent": True,
    "concurrency": 8,
}
SECTIONS = ("auth", "batch", "callback_proof", "receipts", "inbound", "lookup")
CREDENTIALS = (
    {"type": "basic", "username": "u", "password": "p"},
    {"type": "bearer", "token": "t"},
    {"type": "header", "name": "X-Key", "value": "v"},
)


def rows(page: str, *, under: str) -> list[list[str]]:
    """The cells of the tables beneath a heading."""
    text = (REFERENCE / page).read_text()
    _before, _heading, rest = text.partition(f"\n## {under}\n")
    assert rest, f"{page} has no heading {under}"
    section = re.split(r"^## ", rest, flags=re.M)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    tables = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [cells for cells in tables if cells[0].startswith("`")]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


# Signals


def test_every_signal_is_on_the_page_and_no_other():
    shown = [names(row[0])[0] for row in rows("signals.md", under="What there is")]

    assert sorted(shown) == sorted(SIGNALS)


@pytest.mark.parametrize("name", SIGNALS)
def test_the_page_names_the_arguments_that_are_really_sent(name):
    page = {
        names(row[0])[0]: set(names(row[2]))
        for row in rows("signals.md", under="What there is")
    }

    assert page[name] == SENT[name]


def _sent_arguments() -> dict[str, set[str]]:
    """What each call that names a signal gives it, read out of the source."""
    sent: dict[str, set[str]] = defaultdict(set)
    for file in PACKAGE.rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and (name := _signal_of(call)):
                given = {word.arg for word in call.keywords if word.arg}
                given |= {a.id for a in call.args if isinstance(a, ast.Name)}
                given |= {a.attr for a in call.args[1:] if isinstance(a, ast.Attribute)}
                sent[name] |= given - {"sender", "using"}
    return sent


def _signal_of(call: ast.Call) -> str:
    # announce(signals.x, …) and signals.x.send_robust(…)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    for node in (owner, *call.args[:1]):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "signals"
        ):
            return node.attr
    return ""


SENT = _sent_arguments()


# Commands


def our_commands() -> dict[str, str]:
    ours = ("sms_marketing", "example_project.shop")
    return {name: app for name, app in get_commands().items() if app in ours}


def test_every_command_is_on_the_page_with_its_options():
    shown = {
        names(row[0])[0].removeprefix("manage.py "): set(names(row[1]))
        for row in rows("commands.md", under="The example project")
        if names(row[0])[0].startswith("manage.py")
    }

    assert shown == {
        name: set(_own_options(name, app)) for name, app in our_commands().items()
    }


def test_the_defaults_of_the_options_are_the_real_ones():
    options = _own_options("sms_demo", "example_project.shop")
    shown = {
        names(row[0])[0]: row[1].strip("`")
        for row in rows("commands.md", under="The example project")
        if names(row[0])[0].startswith("--")
    }

    assert shown == {
        flag: "off" if default is False else Path(str(default)).name
        for flag, default in options.items()
    }


def _own_options(name: str, app: str) -> dict[str, Any]:
    command = load_command_class(app, name)
    parser = command.create_parser("manage.py", name)
    return {
        action.option_strings[0]: action.default
        for action in parser._actions
        if action.option_strings
        and action.option_strings[0] not in (*BUILT_IN, "-h", "-v")
    }


def test_every_system_check_is_on_the_page_and_no_other():
    source = Path(checks.__file__).read_text()
    ours = {f"{checks.TAG}.{code}" for code in re.findall(r"[EW]\d{3}", source)}
    shown = [names(row[0])[0] for row in rows("commands.md", under="What `check` says")]

    assert sorted(shown) == sorted(ours)


def test_every_permission_of_ours_is_on_the_page_of_going_live():
    page = (ROOT / "docs/howto/go-live.md").read_text()
    _before, _heading, people = page.partition("## 5. People")
    shown = names("".join(PERMISSION.findall(people.partition("\n## ")[0])))

    models = apps.get_app_config("sms_marketing").get_models()
    ours = [code for model in models for code, _label in model._meta.permissions]
    assert sorted(shown) == sorted(ours)


# Providers


def test_the_page_says_what_follows_from_each_error_kind():
    said = {"yes": True, "no": False}
    shown = {
        names(row[0])[0]: [said[word] for word in row[2:5]]
        for row in rows("providers.md", under="What went wrong: `ErrorKind`")
    }

    assert shown == {
        kind.value: [kind.is_retryable, kind.is_account_level, kind.suppresses]
        for kind in ErrorKind
    }


def test_every_capability_is_on_the_page_and_no_other():
    shown = {names(row[0])[0] for row in rows("providers.md", under=ABLE)}
    flags = {name for name in vars(BaseProvider) if name.startswith("supports_")}

    assert shown == flags | {"max_batch", "concurrency"}


@pytest.mark.parametrize(
    ("flag", "option"),
    [
        ("supports_receipts", "receipts"),
        ("supports_inbound", "inbound"),
        ("supports_lookup", "lookup"),
        ("supports_idempotency", "idempotent"),
        ("max_batch", "batch"),
        ("concurrency", "concurrency"),
    ],
)
def test_a_capability_follows_from_the_option_that_the_page_names(flag, option):
    page = {names(row[0])[0]: row[1] for row in rows("providers.md", under=ABLE)}
    without = {key: value for key, value in FULL.items() if key != option}

    able = providers.build("x", {"BACKEND": HTTP, "OPTIONS": FULL})
    unable = providers.build("x", {"BACKEND": HTTP, "OPTIONS": without})

    assert option in names(page[flag])
    assert getattr(able, flag) != getattr(unable, flag)


def test_every_option_of_the_http_provider_is_on_the_page_and_no_other():
    shown = {
        option
        for row in rows("providers.md", under=OPTIONS)
        if row[0].strip("`") not in SECTIONS
        for option in names(row[0])
    }
    # In the page's first table a section is a row as well.
    shown |= set(SECTIONS)

    assert shown == known_to({**FULL, "zzz": 1})


def test_defaults_of_the_options_are_the_real_ones():
    page = {
        names(row[0])[0]: row[1].strip("`")
        for row in rows("providers.md", under=OPTIONS)
        if len(names(row[0])) == 1
    }
    least = {"url": FULL["url"], "fields": FULL["fields"]}
    provider = providers.build("x", {"BACKEND": HTTP, "OPTIONS": least})
    real: HttpOptions = provider._config  # type: ignore[attr-defined]

    for name in ("method", "format", "timeout", "concurrency"):
        assert page[name] == f"{getattr(real, name):{'g' if name == 'timeout' else ''}}"
    for name in ("idempotent", "allow_http", "loopback_only"):
        assert (page[name], getattr(real, name)) == ("false", False)


@pytest.mark.parametrize("section", ["auth", "batch", "receipts", "inbound", "lookup"])
def test_every_option_of_a_section_is_on_the_page_and_no_other(section):
    assert shown_in(section) == known_in(section, FULL[section])


def test_every_option_of_the_proof_is_on_the_page_and_no_other():
    hmac = known_in("callback_proof", FULL["callback_proof"])
    token = known_in("callback_proof", {**TOKEN, "where": "header"})

    assert shown_in("callback_proof") == hmac | token


def test_the_page_names_placeholders_statuses_and_conditions():
    text = (REFERENCE / "providers.md").read_text()

    assert all(f"`{{{name}}}`" in text for name in PLACEHOLDERS)
    assert all(f"`{status}`" in text for status in ReceiptStatus)
    assert known_in("success", {"path": "a", "equals": 1}) == {"path", "equals"}
    assert '{"path": "…", "equals": …}' in text


def shown_in(section: str) -> set[str]:
    table = rows("providers.md", under=OPTIONS)
    inside = [row for row in table if row[0] == f"`{section}`" and names(row[1])]
    return {name for row in inside for name in names(row[1])}


def known_in(section: str, values: dict[str, Any]) -> set[str]:
    """What the code would read there: the complaint about an unknown option says it."""
    variants = CREDENTIALS if section == "auth" else (values,)
    return {
        option
        for variant in variants
        for option in known_to({**FULL, section: {**variant, "zzz": 1}})
    }


def known_to(options: dict[str, Any]) -> set[str]:
    with pytest.raises(ConfigurationError, match="has no option zzz") as caught:
        providers.build("x", {"BACKEND": HTTP, "OPTIONS": options})
    return set(re.search(r"Known: (.*)\.", str(caught.value))[1].split(", "))
