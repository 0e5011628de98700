"""The local carrier, over its own sockets and as the product meets it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from example_project.carrier import postman
from example_project.carrier.__main__ import main
from example_project.carrier.carrier import Carrier, Setup
from example_project.carrier.fates import fate_of
from example_project.carrier.options import carrier_options
from example_project.carrier.pages import linked
from example_project.carrier.parts import count_parts
from example_project.carrier.server import CarrierServer
from sms_marketing.providers import (
    ErrorKind,
    LookupOutcome,
    Outbound,
    Outcome,
    ReceiptStatus,
    WebhookRequest,
    build,
)

SECRET = "carrier-secret-of-the-tests"
NUMBER = "+37120000111"


@dataclass
class Product:
    """The other end of the callbacks: keeps what it is told, answers as told."""

    url: str = ""
    status: int = 200
    calls: list[WebhookRequest] = field(default_factory=list)

    def wait_for(self, count: int) -> list[WebhookRequest]:
        until = time.monotonic() + 10
        while len(self.calls) < count and time.monotonic() < until:
            time.sleep(0.005)
        assert len(self.calls) >= count
        return self.calls


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def product():
    heard = Product()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.casefold(): value for name, value in self.headers.items()}
            heard.calls.append(
                WebhookRequest(
                    method="POST", path=self.path, query={}, headers=headers, body=body
                )
            )
            self.send_response(heard.status)
            self.end_headers()

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    with serving(server):
        yield heard


class Running:
    """A carrier that serves, with the simplest of clients."""

    def __init__(self, server: CarrierServer, log: Path) -> None:
        self.server, self.log = server, log
        self.carrier = server.carrier

    def call(self, method: str, path: str, body: Any = None, **headers: str):
        host = f"127.0.0.1:{self.server.server_address[1]}"
        connection = http.client.HTTPConnection(host, timeout=10)
        sent = {"Authorization": f"Bearer {SECRET}"}
        if isinstance(body, dict | list):
            body = json.dumps(body)
            sent["Content-Type"] = "application/json"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer, json.loads(text) if is_json else text

    def send(self, to: str = NUMBER, reference: str = "1-1", **over: Any):
        message = {"to": to, "text": "Hi", "from": "1234", "reference": reference}
        answer, body = self.call("POST", "/messages", message | over)
        return answer.status, body

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def kinds(self) -> list[str]:
        return [line["kind"] for line in self.lines()]

    def wait_for_kind(self, kind: str, count: int = 1) -> None:
        until = time.monotonic() + 10
        while self.kinds().count(kind) < count and time.monotonic() < until:
            time.sleep(0.005)
        assert self.kinds().count(kind) >= count


@contextmanager
def running(log: Path, inbound_url: str, **over: float) -> Iterator[Running]:
    delays = {"receipt_delay": 0.0, **over}
    carrier = Carrier(Setup(log=log, inbound_url=inbound_url, secret=SECRET, **delays))
    server = CarrierServer(carrier, port=0)
    with serving(server):
        yield Running(server, log)
    carrier.close()


@pytest.fixture
def carrier(tmp_path, product):
    with running(tmp_path / "carrier.jsonl", f"{product.url}/inbound") as one:
        yield one


def provider_of(carrier: Running, **over: Any):
    spec = {
        "BACKEND": "sms_marketing.providers.http.HttpProvider",
        "OPTIONS": carrier_options(carrier.server.url, SECRET, **over),
    }
    return build("carrier", spec)


def outbound(number: int, to: str, product: Product) -> Outbound:
    return Outbound(
        message_id=number,
        attempt=1,
        to=to,
        text="Sveiki! http://127.0.0.1:8000/s/aB3",
        sender="1234",
        receipt_url=f"{product.url}/receipts",
    )


# As the product meets it


@pytest.mark.parametrize("bulk", [False, True], ids=["single", "bulk"])
def test_every_fate_reaches_the_product_as_its_own_kind(carrier, product, bulk):
    provider = provider_of(carrier, bulk=bulk)
    batch = [
        outbound(number, f"+371200001{suffix}", product)
        for number, suffix in enumerate(["11", "90", "91", "92", "93", "94"])
    ]

    results = provider.send_many(batch)
    provider.close()
    carrier.wait_for_kind("receipt", 3)

    assert [result.outcome for result in results] == [
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
        Outcome.REFUSED,
        Outcome.REFUSED,
        Outcome.ACCEPTED,
        Outcome.ACCEPTED,
    ]
    assert results[2].error_kind is ErrorKind.INVALID_NUMBER
    assert results[3].error_kind is ErrorKind.THROTTLED
    assert results[3].retry_after == 1
    receipts = {}
    for call in product.calls:
        provider.verify(call)
        receipts |= {r.reference: r for r in provider.parse_receipts(call)}
    assert {reference: r.status for reference, r in receipts.items()} == {
        "0-1": ReceiptStatus.DELIVERED,
        "1-1": ReceiptStatus.UNDELIVERED,
        "4-1": ReceiptStatus.EXPIRED,
    }
    assert receipts["0-1"].provider_message_id == results[0].provider_message_id
    assert receipts["0-1"].part_count == results[0].part_count == 1
    assert receipts["0-1"].occurred_at.tzinfo is not None
    assert receipts["1-1"].error_code == "absent_subscriber"


def test_the_third_try_of_a_throttled_number_is_taken(carrier):
    statuses = [carrier.send("+37120000192", f"{n}-1")[0] for n in (1, 2, 3, 4)]

    assert statuses == [429, 429, 202, 429]


def test_looking_up_tells_what_is_known(carrier, product):
    provider = provider_of(carrier)
    provider.send_many([outbound(1, NUMBER, product)])
    carrier.wait_for_kind("receipt")

    found = provider.find("1-1")
    lost = provider.find("2-1")
    provider.close()

    assert found.outcome is LookupOutcome.FOUND
    assert found.receipt.status is ReceiptStatus.DELIVERED
    assert lost.outcome is LookupOutcome.NOT_KNOWN


def test_credentials_are_checked(carrier):
    provider = provider_of(carrier)
    assert provider.check_credentials() == []
    provider.close()

    answer, body = carrier.call("GET", "/check", Authorization="Bearer wrong")
    assert (answer.status, body) == (401, {"error": "unauthorized"})
    answer, _ = carrier.call("POST", "/messages", {}, Authorization="")
    assert answer.status == 401


def test_an_answer_of_the_subscriber_reaches_the_product(carrier, product):
    carrier.send()
    answer, body = carrier.call("POST", "/phones/37120000111/reply", {"text": "STOP"})
    carrier.wait_for_kind("inbound_taken")

    assert answer.status == 202
    provider = provider_of(carrier)
    (call,) = [call for call in product.calls if call.path == "/inbound"]
    provider.verify(call)
    (inbound,) = provider.parse_inbound(call)
    assert inbound.provider_message_id == body["id"]
    assert (inbound.from_phone, inbound.to, inbound.text) == (NUMBER, "1234", "STOP")


# The log, the judge


def test_the_log_tells_everything_before_anybody_is_answered(carrier):
    status, body = carrier.send(text="Ā" * 71)
    carrier.send("+37120000191", "2-1")
    carrier.send("+37120000192", "3-1")

    accepted, refused, throttled = [
        line for line in carrier.lines() if line["kind"] not in ("outcome", "receipt")
    ]

    assert status == 202
    assert accepted["id"] == body["id"]
    assert accepted["reference"] == "1-1"
    assert accepted["to"] == NUMBER
    assert accepted["parts"] == body["parts"] == 2
    assert refused["error"] == "invalid_number"
    assert (throttled["kind"], throttled["reference"]) == ("throttled", "3-1")


def test_a_message_that_came_twice_is_counted_as_a_duplicate(carrier):
    carrier.send(reference="1-1")
    carrier.send(reference="1-1")
    carrier.send(reference="1-2")

    _, stats = carrier.call("GET", "/stats.json")

    assert (stats["accepted"], stats["references"], stats["duplicates"]) == (3, 2, 1)
    assert stats["parts"] == 3


def test_figures_and_log_are_there_for_machines(carrier, product):
    for number, suffix in enumerate(["11", "90", "91", "93", "94"]):
        carrier.send(
            f"+371200001{suffix}", f"{number}-1", receipt_url=f"{product.url}/receipts"
        )
    carrier.wait_for_kind("receipt", 3)

    _, stats = carrier.call("GET", "/stats.json")
    _, log = carrier.call("GET", "/log.json")
    _, rest = carrier.call("GET", f"/log.json?after={log['next']}")
    _, whole = carrier.call("GET", "/log.json?after=nonsense")

    assert stats | {"delivered": 1, "undelivered": 1, "expired": 1} == stats
    assert stats["refused"] == 1
    assert stats["without_outcome"] == 1
    assert stats["receipts_taken"] == 3
    assert log["entries"] == whole["entries"] == carrier.lines()
    assert rest["entries"] == []


def test_a_carrier_that_starts_again_knows_everything_and_tells_what_is_due(
    tmp_path, product
):
    log = tmp_path / "carrier.jsonl"
    inbound_url = f"{product.url}/inbound"
    with running(log, inbound_url, receipt_delay=3600) as first:
        first.send(receipt_url=f"{product.url}/receipts")
        first.send(reference="2-1", to="+37120000190")
        product.status = 500
        first.call("POST", "/phones/37120000111/reply", {"text": "hello"})
        product.wait_for(1)
    product.status = 200
    with log.open("a") as file:
        file.write('{"kind": "accep')  # the machine died while writing

    with running(log, inbound_url) as second:
        second.wait_for_kind("receipt")
        second.wait_for_kind("inbound_taken")
        _, found = second.call("GET", "/lookup?reference=1-1")
        assert found["status"] == "delivered"
        second.send(reference="3-1")

    with running(log, inbound_url) as third:
        _, phone = third.call("GET", f"/phones/{NUMBER}.json")
        assert [m["text"] for m in phone["messages"]] == ["Hi", "hello", "Hi"]


# Callbacks


def test_news_for_one_address_travels_together(tmp_path, product):
    with running(
        tmp_path / "log", f"{product.url}/inbound", receipt_delay=0.3
    ) as carrier:
        messages = [
            {
                "to": NUMBER,
                "text": "Hi",
                "from": "1234",
                "reference": f"{number}-1",
                "receipt_url": f"{product.url}/receipts",
            }
            for number in range(20)
        ]
        carrier.call("POST", "/messages/batch", {"messages": messages})
        carrier.wait_for_kind("receipt", 20)

    assert len(product.calls) < 20


def test_news_is_repeated_until_it_is_taken(carrier, product, monkeypatch):
    monkeypatch.setattr(postman, "_FIRST_WAIT", 0.01)
    product.status = 500
    carrier.send(receipt_url=f"{product.url}/receipts")
    product.wait_for(2)
    product.status = 200
    carrier.wait_for_kind("receipt")

    assert carrier.kinds().count("outcome") == 1
    assert {call.body for call in product.calls} == {product.calls[0].body}


def test_news_that_nobody_takes_is_lost_in_the_end(carrier, monkeypatch):
    monkeypatch.setattr(postman, "_FIRST_WAIT", 0.001)
    carrier.send(receipt_url="http://127.0.0.1:1/")  # nobody listens there
    carrier.wait_for_kind("callback_lost")

    _, stats = carrier.call("GET", "/stats.json")
    assert stats["callbacks_lost"] == 1
    assert stats["delivered"] == 1


def test_whoever_wants_no_receipt_gets_none(carrier, product):
    carrier.send()
    carrier.wait_for_kind("outcome")

    assert product.calls == []
    assert "callback_lost" not in carrier.kinds()


# The pages


def test_the_phone_shows_its_messages_escaped_and_with_links(carrier):
    carrier.send(text="<script>1</script> http://127.0.0.1:8000/s/aB3.")

    answer, page = carrier.call("GET", "/phones/37120000111")

    assert "&lt;script&gt;1&lt;/script&gt;" in page
    assert '<a href="http://127.0.0.1:8000/s/aB3" target="_blank"' in page
    assert "<script>1" not in page
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_visitor_answers_on_the_page(carrier):
    carrier.send()
    form = urlencode({"text": "Jā & <b>"})

    answer, _ = carrier.call("POST", "/phones/+37120000111/reply", form)
    _, page = carrier.call("GET", "/phones/+37120000111")

    assert answer.status == 303
    assert answer.headers["Location"] == "/phones/%2B37120000111"
    assert "Jā &amp; &lt;b&gt;" in page
    assert page.index("Hi") < page.index("Jā")


def test_a_sender_that_is_a_name_cannot_be_answered(carrier):
    carrier.send(**{"from": "SHOP"})

    _, page = carrier.call("GET", "/phones/37120000111")
    answer, body = carrier.call("POST", "/phones/37120000111/reply", {"text": "x"})
    form, shown = carrier.call("POST", "/phones/37120000111/reply", "text=x")

    assert "one-way" in page
    assert "<form" not in page
    assert (answer.status, body) == (409, {"error": "nobody_to_answer"})
    assert form.status == 409
    assert "no number here" in shown


@pytest.mark.parametrize("text", ["", "  ", "x" * 1601])
def test_an_empty_or_endless_answer_is_not_taken(carrier, text):
    carrier.send()

    answer, page = carrier.call(
        "POST", "/phones/37120000111/reply", urlencode({"text": text})
    )

    assert answer.status == 400
    assert "Write a text" in page


def test_what_was_not_delivered_is_not_on_the_phone(carrier):
    carrier.send("+37120000190")
    carrier.wait_for_kind("outcome")

    _, phone = carrier.call("GET", "/phones/37120000190.json")
    _, page = carrier.call("GET", "/phones/37120000190")
    _, phones = carrier.call("GET", "/")

    assert phone["messages"] == []
    assert "No messages yet" in page
    assert "+37120000190" in phones


def test_the_list_shows_who_rang_last_first_and_can_be_searched(carrier):
    _, empty = carrier.call("GET", "/")
    carrier.send("+37120000111", "1-1")
    carrier.send("+37120000222", "2-1", text="Long " * 40)
    carrier.send("+37120000111", "3-1", text="Newest")

    _, page = carrier.call("GET", "/")
    _, found = carrier.call("GET", "/?q=0222")

    assert "Nobody has a message yet" in empty
    assert page.index("+37120000111") < page.index("+37120000222")
    assert "Newest" in page
    assert "+37120000111" not in found
    assert "parts" in carrier.call("GET", "/phones/37120000222")[1]


def test_a_long_list_says_how_long(carrier):
    messages = [
        {"to": f"+37120{n:06}00", "text": "x", "from": "1", "reference": f"{n}-1"}
        for n in range(201)
    ]
    carrier.call("POST", "/messages/batch", {"messages": messages})

    _, page = carrier.call("GET", "/")

    assert "200 of 201" in page


@pytest.mark.parametrize("name", ["carrier.css", "carrier.js", "icon.svg"])
def test_style_and_script_are_files(carrier, name):
    answer, _ = carrier.call("GET", f"/static/{name}")

    assert answer.status == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/static/none.css", "/static/..%2f__init__.css", "/static/x.py"],
)
def test_other_addresses_lead_nowhere(carrier, path):
    assert carrier.call("GET", path)[0].status == 404


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see 127.0.0.1:8000/s/x!", ">127.0.0.1:8000/s/x</a>!"),
        ("https://a.lv/?a=1&b=2", 'href="https://a.lv/?a=1&amp;b=2"'),
        ("veikals.lv/x", 'href="http://veikals.lv/x"'),
        ("localhost:80/x, y", ">localhost:80/x</a>, y"),
        ('http://a.lv/"onclick=x', ">http://a.lv/</a>&quot;onclick"),
    ],
)
def test_addresses_become_links_that_cannot_break_out(text, html):
    assert html in linked(text)


@pytest.mark.parametrize("text", ["12.50/kg", "a@b.lv/x", "javascript:x/y", "A/B"])
def test_what_is_no_address_stays_text(text):
    assert "<a" not in linked(text)


# What it refuses


@pytest.mark.parametrize(
    ("over", "status", "error"),
    [
        ({"text": ""}, 400, "malformed"),
        ({"text": "x" * 1601}, 400, "malformed"),
        ({"from": ""}, 400, "malformed"),
        ({"reference": None}, 400, "malformed"),
        ({"to": "20000111"}, 422, "invalid_number"),
        ({"to": None}, 422, "invalid_number"),
        ({"receipt_url": "http://192.0.2.1/"}, 400, "receipt_url_not_loopback"),
        ({"receipt_url": "http://evil.test/"}, 400, "receipt_url_not_loopback"),
        ({"receipt_url": "http://[x"}, 400, "receipt_url_not_loopback"),
    ],
)
def test_a_faulty_message_is_refused_with_a_word(carrier, over, status, error):
    assert carrier.send(**over) == (status, {"error": error})


@pytest.mark.parametrize("body", ["", "[1]", "{", {"messages": 5}, {"messages": [5]}])
def test_a_faulty_body_is_refused(carrier, body):
    path = "/messages/batch" if isinstance(body, dict) else "/messages"

    answer, said = carrier.call("POST", path, body)

    assert (answer.status, said) == (400, {"error": "malformed"})


def test_foreign_pages_and_names_are_kept_out(carrier):
    carrier.send()
    path, form = "/phones/37120000111/reply", "text=x"
    host = f"127.0.0.1:{carrier.server.server_address[1]}"

    foreign, _ = carrier.call("POST", path, form, Origin="http://evil.test")
    renamed, _ = carrier.call("GET", "/log.json", Host="evil.test")
    own, _ = carrier.call("POST", path, form, Origin=f"http://{host}")

    assert (foreign.status, renamed.status, own.status) == (403, 403, 303)


def test_an_endless_body_is_not_read(carrier):
    answer, body = carrier.call("POST", "/messages", Content_Length="99999999")

    assert (answer.status, body) == (413, {"error": "too_long"})


def test_an_unknown_action_is_refused(carrier):
    assert carrier.call("POST", "/nothing", {})[0].status == 404


def test_it_stays_on_this_machine(tmp_path):
    setup = Setup(log=tmp_path / "log", inbound_url="http://127.0.0.1:1/", secret="s")
    carrier = Carrier(setup)
    with pytest.raises(ValueError, match="this machine only"):
        CarrierServer(carrier, host="0.0.0.0", port=0)
    carrier.close()

    arguments = ["--log", str(tmp_path / "log"), "--secret", "s", "--callback-base"]
    assert main([*arguments, "http://192.0.2.1"]) == 2


# Small parts


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("ā" * 70, 1),
        ("ā" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("ā" * 66 + "😀" + "ā" * 10, 2),
    ],
)
def test_parts_are_counted_as_a_carrier_bills_them(text, parts):
    assert count_parts(text) == parts


def test_most_numbers_are_ordinary():
    assert fate_of(NUMBER).status == "delivered"
    assert fate_of("") == fate_of(NUMBER)


@pytest.mark.processes
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_as_a_process_says_where_and_ends_quietly(tmp_path, ending):
    command = [sys.executable, "-m", "example_project.carrier"]
    command += ["--log", str(tmp_path / "log"), "--secret", SECRET]
    command += ["--callback-base", "http://127.0.0.1:1"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )
    try:
        url = process.stdout.readline().strip()
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        connection.request("GET", "/stats.json")
        assert connection.getresponse().status == 200
        connection.close()
    finally:
        process.send_signal(ending)
        assert process.wait(10) == 0
        process.stdout.close()
