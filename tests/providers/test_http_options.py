from __future__ import annotations

from copy import deepcopy

import pytest

from example_project.carrier.options import carrier_options
from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers import build

BACKEND = "sms_marketing.providers.http.HttpProvider"
SECRET = "secret-of-sixteen-letters-or-more"


def make(options):
    return build("shop", {"BACKEND": BACKEND, "OPTIONS": options})


def changed(path: str, value):
    """The carrier's options with one place changed; None takes it away."""
    options = deepcopy(carrier_options("http://127.0.0.1:9", SECRET))
    *parents, last = path.split(".")
    place = options
    for parent in parents:
        place = place.setdefault(parent, {})
    if value is None:
        del place[last]
    else:
        place[last] = value
    return options


def test_capabilities_follow_from_the_options():
    full = make(carrier_options("http://127.0.0.1:9", SECRET))
    bare = make(
        {"url": "https://api.test/send", "fields": {"to": "{to}", "text": "{text}"}}
    )

    assert full.supports_receipts
    assert full.supports_inbound
    assert full.supports_lookup
    assert full.max_batch == 100
    assert not bare.supports_receipts
    assert not bare.supports_inbound
    assert not bare.supports_lookup
    assert not bare.supports_idempotency
    assert (bare.max_batch, bare.concurrency) == (1, 0)


def test_a_key_that_the_vendor_remembers_makes_repeating_safe():
    options = carrier_options("http://127.0.0.1:9", SECRET) | {
        "idempotent": True,
        "headers": {"Idempotency-Key": "{reference}"},
        "concurrency": 8,
    }

    assert make(options).supports_idempotency
    assert make(options).concurrency == 8


@pytest.mark.parametrize(
    ("path", "value", "place", "must"),
    [
        ("url", None, '["url"]', "is missing"),
        ("url", "", '["url"]', "not empty"),
        ("url", 5, '["url"]', "must be text"),
        ("url", "ftp://127.0.0.1/", '["url"]', "https://"),
        ("url", "https://[broken", '["url"]', "is not an address"),
        ("url", "https://a.test:port/", '["url"]', "is not an address"),
        ("url", "https://api.test/", '["url"]', "only this machine"),
        ("url", "http://me:pw@127.0.0.1/", '["url"]', "into auth"),
        ("method", "DELETE", '["method"]', "POST, GET, PUT"),
        ("format", "xml", '["format"]', "json, form, query"),
        ("timeout", 0, '["timeout"]', "0.05 to 300"),
        ("timeout", True, '["timeout"]', "0.05 to 300"),
        ("timeout", "9", '["timeout"]', "0.05 to 300"),
        ("loopback_only", "yes", '["loopback_only"]', "True or False"),
        ("headers", {"X": 1}, '["headers"]', "text to text"),
        ("headers", {"X": "{text}"}, '["headers"]', "{reference}"),
        ("headers", {"X": "a\r\nB: c"}, '["headers"]', "printable ASCII"),
        ("headers", {"X": "ķ"}, '["headers"]', "printable ASCII"),
        ("auth", "token", '["auth"]', "must be a dict"),
        ("auth.type", "oauth", '["auth"]["type"]', "basic, bearer, header"),
        ("auth.type", None, '["auth"]["type"]', "basic, bearer, header"),
        ("auth.token", " ", '["auth"]["token"]', "not empty"),
        ("auth.token", None, '["auth"]["token"]', "is missing"),
        ("auth.user", "x", '["auth"]', "no option user"),
        ("fields", None, '["fields"]', "is missing"),
        ("fields", "to", '["fields"]', "must be a dict"),
        ("fields", {"to": "{to}"}, '["fields"]', "{text}"),
        ("fields", {"t": "{text}"}, '["fields"]', "{to}"),
        ("fields.x", "{price}", '["fields"]', "knows no {price}"),
        ("idempotent", 1, '["idempotent"]', "True or False"),
        ("success", {"path": "a"}, '["success"]["in"]', "is missing"),
        ("success", {"path": "a", "in": []}, '["success"]["in"]', "list"),
        ("success", {"in": [1]}, '["success"]["path"]', "is missing"),
        ("success_statuses", [404], '["success_statuses"]', "200 to 299"),
        ("success_statuses", 200, '["success_statuses"]', "200 to 299"),
        ("errors", {"1": "bad"}, '["errors"]', "temporary, throttled"),
        ("errors", [], '["errors"]', "translate"),
        ("batch.max", 1, '["batch"]["max"]', "2 to 10000"),
        ("batch.list_path", None, '["batch"]["list_path"]', "is missing"),
        ("batch.shared", {"a": "{to}"}, '["batch"]["shared"]', "placeholders"),
        ("batch.url", "http://192.0.2.1/", '["batch"]["url"]', "only this machine"),
        ("callback_proof", None, '["callback_proof"]', "is missing"),
        ("callback_proof.secret", "short", '["secret"]', "16 characters"),
        ("callback_proof.secret", [], '["secret"]', "list of texts"),
        ("callback_proof.secret", [5], '["secret"]', "list of texts"),
        ("callback_proof.type", "rsa", '["callback_proof"]["type"]', "hmac, token"),
        ("callback_proof.header", None, '["callback_proof"]["header"]', "is missing"),
        ("callback_proof.encoding", "hexx", '["encoding"]', "hex, base64"),
        ("receipts.where", "query", '["callback_proof"]', "type token"),
        ("receipts.where", "body", '["receipts"]["where"]', "json, form, query"),
        ("receipts.statuses", None, '["receipts"]["statuses"]', "is missing"),
        ("receipts.statuses", {"a": "lost"}, '["statuses"]', "delivered"),
        ("receipts.status_path", None, '["receipts"]["status_path"]', "is missing"),
        ("receipts.colour", "x", '["receipts"]', "no option colour"),
        ("inbound.from_path", None, '["inbound"]["from_path"]', "is missing"),
        ("lookup.url", "http://127.0.0.1/x", '["lookup"]["url"]', "{reference}"),
        ("lookup.not_found", None, '["lookup"]["not_found"]', "is missing"),
        ("lookup.status_path", None, '["lookup"]["status_path"]', "is missing"),
        ("colour", "blue", '["OPTIONS"]', "no option colour"),
    ],
)
def test_a_wrong_option_is_named_with_what_to_write(path, value, place, must):
    with pytest.raises(ConfigurationError) as caught:
        make(changed(path, value))

    message = str(caught.value)
    assert message.startswith('SMS_MARKETING["PROVIDERS"]["shop"]["OPTIONS"]')
    assert place in message
    assert must in message
    assert SECRET not in message


def test_receipts_must_name_their_message():
    options = changed("receipts.reference_path", None)
    del options["receipts"]["id_path"]

    with pytest.raises(ConfigurationError, match="tell whose it is"):
        make(options)


def test_nesting_and_bulk_need_json():
    flat = changed("format", "form")
    with pytest.raises(ConfigurationError, match="batch"):
        make(flat)
    del flat["batch"]
    flat["fields"]["nested"] = {"a": 1}
    with pytest.raises(ConfigurationError, match="cannot be nested"):
        make(flat)


def test_repeating_safely_needs_our_key():
    options = changed("idempotent", True)
    del options["fields"]["reference"]

    with pytest.raises(ConfigurationError, match="idempotent"):
        make(options)


def test_plain_http_to_elsewhere_must_be_asked_for():
    options = {"url": "http://10.0.0.5/send", "fields": {"a": "{to}", "b": "{text}"}}

    with pytest.raises(ConfigurationError, match="allow_http"):
        make(options)
    assert make({**options, "allow_http": True}).transport.allow_http
