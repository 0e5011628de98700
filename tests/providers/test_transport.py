from __future__ import annotations

import http.client
import socket
import ssl
import struct
import threading
import time

import pytest

from sms_marketing.providers import transport as module
from sms_marketing.providers.transport import (
    FakeTransport,
    MaybeSent,
    NotSent,
    Response,
    Transport,
)
from tests.providers.vendor import answer, drip, drop, raw, silence


@pytest.fixture
def transport():
    transport = Transport(connect_timeout=1)
    yield transport
    transport.close()


def test_it_brings_status_headers_and_body(transport, vendor):
    vendor.will(answer(202, "taken", {"X-Kind": "a"}))

    response = transport.request(
        "POST", f"{vendor.url}/send?x=1", headers={"X-Ours": "b"}, body=b"hello"
    )

    assert (response.status, response.body) == (202, b"taken")
    assert response.headers["x-kind"] == "a"
    assert vendor.seen[0].line == "POST /send?x=1 HTTP/1.1"
    assert vendor.seen[0].headers["x-ours"] == "b"
    assert vendor.seen[0].body == b"hello"


def test_an_address_without_a_path_asks_for_the_root(transport, vendor):
    vendor.will(answer())

    transport.request("GET", vendor.url)

    assert vendor.seen[0].line == "GET / HTTP/1.1"


def test_connections_are_kept_and_used_again(transport, vendor):
    vendor.will(answer())

    for _ in range(3):
        transport.request("GET", vendor.url)

    assert {seen.connection for seen in vendor.seen} == {1}


def test_connections_outlive_the_threads_that_opened_them(transport, vendor):
    vendor.will(answer())

    for _ in range(3):
        thread = threading.Thread(target=transport.request, args=("GET", vendor.url))
        thread.start()
        thread.join()

    assert {seen.connection for seen in vendor.seen} == {1}


def test_a_connection_that_the_vendor_ends_is_not_kept(transport, vendor):
    vendor.will(answer(200, "x", {"Connection": "close"}))

    transport.request("GET", vendor.url)
    transport.request("GET", vendor.url)

    assert [seen.connection for seen in vendor.seen] == [1, 2]


def test_a_kept_connection_that_was_closed_meanwhile_is_replaced(transport, vendor):
    vendor.will(answer(then_close=True))
    transport.request("POST", vendor.url, body=b"1")
    time.sleep(0.05)

    assert transport.request("POST", vendor.url, body=b"2").status == 200

    assert [seen.body for seen in vendor.seen] == [b"1", b"2"]


def test_a_connection_that_was_reset_is_not_open():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = http.client.HTTPConnection(*listener.getsockname())
        connection.connect()
        accepted, _ = listener.accept()
        assert module._is_open(connection)
        # Lingering for 0 seconds turns the good-bye into a reset.
        linger = struct.pack("ii", 1, 0)
        accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        accepted.close()
        time.sleep(0.05)

        assert not module._is_open(connection)
        connection.close()


def test_a_connection_left_idle_too_long_is_replaced(transport, vendor, monkeypatch):
    vendor.will(answer())
    transport.request("GET", vendor.url)
    monkeypatch.setattr(module, "MAX_IDLE_SECONDS", 0.0)

    transport.request("GET", vendor.url)

    assert [seen.connection for seen in vendor.seen] == [1, 2]


def test_idle_connections_are_bounded(transport, vendor, monkeypatch):
    monkeypatch.setattr(module, "MAX_IDLE", 1)
    together = threading.Barrier(3)

    def answer_together(connection, seen):
        together.wait(5)
        return answer()(connection, seen)

    vendor.will(answer_together)
    threads = [
        threading.Thread(target=transport.request, args=("GET", vendor.url))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vendor.will(answer())

    transport.request("GET", vendor.url)
    transport.request("GET", vendor.url)

    assert {seen.connection for seen in vendor.seen[:3]} == {1, 2, 3}
    assert len({seen.connection for seen in vendor.seen[3:]}) == 1


class _BreaksWhileWriting(http.client.HTTPConnection):
    def request(self, *args, **kwargs):
        raise BrokenPipeError


def test_a_kept_connection_that_breaks_while_we_write_is_replaced(transport, vendor):
    # A far side that closes between our look and our write cannot be timed; the kept
    # connection is swapped for one that breaks in exactly that moment.
    vendor.will(answer())
    port = int(vendor.url.rpartition(":")[2])
    broken = _BreaksWhileWriting("127.0.0.1", port)
    broken.connect()
    transport._idle.put(("http", f"127.0.0.1:{port}"), broken)

    assert transport.request("POST", vendor.url, body=b"once").status == 200
    assert [seen.body for seen in vendor.seen] == [b"once"]


def test_a_new_connection_that_breaks_while_we_write_has_sent_nothing(
    transport, vendor
):
    def hang_up_early(connection, seen):
        return False

    vendor.will(hang_up_early)
    connection = transport._connect(module.urlsplit(vendor.url))
    connection.sock.shutdown(socket.SHUT_WR)

    with pytest.raises(NotSent) as caught:
        module._write(connection, "POST", "/", None, b"x", 1.0)

    assert caught.value.code == "dropped"
    assert not caught.value.is_maybe_sent


def test_refused_connection_is_surely_not_sent(transport):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    with pytest.raises(NotSent) as caught:
        transport.request("POST", f"http://127.0.0.1:{port}/secret?key=1", body=b"x")

    assert caught.value.code == "refused"
    assert "secret" not in str(caught.value)
    assert "key" not in str(caught.value)


def test_unknown_host_is_surely_not_sent(transport):
    with pytest.raises(NotSent) as caught:
        transport.request("GET", "https://no-such-host.invalid/")

    assert caught.value.code == "unreachable"


def test_a_host_that_never_takes_the_call_is_surely_not_sent():
    impatient = Transport(connect_timeout=0.1)
    # A full backlog of one makes the kernel leave further calls unanswered.
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        waiting = []
        for _ in range(4):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(deaf.getsockname())
            waiting.append(caller)
        with pytest.raises(NotSent) as caught:
            impatient.request("GET", f"http://127.0.0.1:{deaf.getsockname()[1]}/")
        for caller in waiting:
            caller.close()

    assert caught.value.code == "connect_timeout"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (drop, "dropped"),
        (silence(0.6), "timeout"),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "dropped"),
        (raw(b"not http at all\r\n\r\n"), "dropped"),
    ],
    ids=["dropped", "silent", "cut off", "garbage"],
)
def test_what_breaks_after_sending_may_have_been_sent(transport, vendor, action, code):
    vendor.will(action)

    with pytest.raises(MaybeSent) as caught:
        transport.request("POST", vendor.url, body=b"once", timeout=0.3)

    assert caught.value.code == code
    assert caught.value.is_maybe_sent
    assert len(vendor.seen) == 1  # it was not repeated


def test_a_dripping_answer_ends_at_the_deadline(transport, vendor):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"

    def act(connection, seen):
        connection.sendall(head)
        return drip(b"x" * 1000, every=0.05)(connection, seen)

    vendor.will(act)
    began = time.monotonic()

    with pytest.raises(MaybeSent) as caught:
        transport.request("GET", vendor.url, timeout=0.2)

    assert caught.value.code == "timeout"
    assert time.monotonic() - began < 2


def test_an_endless_answer_is_cut(vendor):
    small = Transport(max_answer_bytes=100)
    vendor.will(answer(200, "x" * 101))

    with pytest.raises(MaybeSent) as caught:
        small.request("GET", vendor.url)

    assert caught.value.code == "too_long"


def test_redirects_are_answers(transport, vendor):
    vendor.will(answer(302, "", {"Location": "http://127.0.0.1:1/"}))

    assert transport.request("GET", vendor.url).status == 302
    assert len(vendor.seen) == 1


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "//127.0.0.1/", "http:///", "http://user:pass@127.0.0.1/"],
)
def test_strange_addresses_are_refused(transport, url):
    with pytest.raises(NotSent) as caught:
        transport.request("GET", url)

    assert caught.value.code == "address"
    assert "pass@" not in str(caught.value)


def test_plain_http_stays_on_this_machine(transport):
    with pytest.raises(NotSent, match="allow_http"):
        transport.request("GET", "http://192.0.2.1/")


def test_a_test_carrier_may_only_be_on_this_machine():
    with pytest.raises(NotSent, match="only this machine"):
        Transport(loopback_only=True).request("GET", "https://192.0.2.1/")


@pytest.mark.parametrize("url", ["{}/a b", "{}/\x00"])
def test_an_address_that_is_no_http_is_surely_not_sent(transport, vendor, url):
    with pytest.raises(NotSent) as caught:
        transport.request("GET", url.format(vendor.url))

    assert caught.value.code == "request"


def test_a_header_that_is_no_http_is_surely_not_sent(transport, vendor):
    with pytest.raises(NotSent) as caught:
        transport.request("GET", vendor.url, headers={"X": "ķ"})

    assert caught.value.code == "request"


def test_certificates_are_verified():
    transport = Transport()
    context = transport._context()

    assert transport._context() is context  # reading the certificates is dear
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_tls_to_a_server_that_speaks_none_is_surely_not_sent(transport):
    def speak_plainly():
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            connection.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=speak_plainly)
        thread.start()
        with pytest.raises(NotSent) as caught:
            transport.request("GET", f"https://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join()

    assert caught.value.code == "tls"


def test_a_certificate_that_nobody_signed_is_told_apart():
    code, detail = module._why_not_connected(ssl.SSLCertVerificationError(), "a.test")

    assert code == "tls"
    assert "a.test" in detail


def test_closing_ends_idle_connections_and_allows_new_ones(transport, vendor):
    vendor.will(answer())
    transport.request("GET", vendor.url)

    transport.close()
    transport.request("GET", vendor.url)

    assert [seen.connection for seen in vendor.seen] == [1, 2]


def test_the_fake_plays_its_script_and_repeats_the_end():
    fake = FakeTransport(
        Response(status=500),
        lambda request: NotSent("refused", request.method),
        Response(status=200, body=b"ok"),
    )

    assert fake.request("GET", "https://a.test/").status == 500
    with pytest.raises(NotSent):
        fake.request("GET", "https://a.test/")
    assert fake.request("POST", "https://a.test/", body=b"x").body == b"ok"
    assert fake.request("GET", "https://a.test/").body == b"ok"
    assert fake.requests[2].body == b"x"
    fake.close()
    assert fake.is_closed
