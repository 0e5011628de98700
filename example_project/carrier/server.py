"""The carrier's HTTP side: the API for products, the pages and figures for people."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, unquote, urlsplit

from example_project.carrier import pages
from example_project.carrier.carrier import Carrier, Refused, is_loopback_host

_LONGEST_BODY = 4 * 1024 * 1024
_LISTED_PHONES = 200
_SHOWN_MESSAGES = 100
_LISTED_ENTRIES = 10_000
_STATIC = Path(__file__).parent / "static"
_STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class CarrierServer(ThreadingHTTPServer):
    """Serves one carrier on this machine; a thread for each kept connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 512

    def __init__(self, carrier: Carrier, *, host: str = "127.0.0.1", port: int) -> None:
        if not is_loopback_host(host):
            raise ValueError("the carrier listens on this machine only")
        self.carrier = carrier
        super().__init__((host, port), _Handler)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "LocalCarrier"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for each answer
    server: CarrierServer

    def do_GET(self) -> None:
        self._answer(self._get)

    def do_POST(self) -> None:
        self._answer(self._post)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Numbers stand in the addresses: nothing is logged."""

    def _answer(self, act: Callable[[], None]) -> None:
        try:
            self._read_request()
            act()
        except Refused as refused:
            headers = {"Retry-After": "1"} if refused.status == 429 else {}
            self._send_json({"error": refused.error}, refused.status, headers)

    def _read_request(self) -> None:
        parts = urlsplit(self.path)
        self.steps = [unquote(step) for step in parts.path.split("/") if step]
        self.query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal() or int(length) > _LONGEST_BODY:
            self.close_connection = True
            raise Refused(413, "too_long")
        self.body = self.rfile.read(int(length))
        # A name that resolves to this machine must not open it to a web page's script.
        if not is_loopback_host(
            urlsplit(f"//{self.headers.get('Host')}").hostname or ""
        ):
            raise Refused(403, "not_loopback")
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{self.headers.get('Host')}":
            raise Refused(403, "foreign_page")

    def _get(self) -> None:
        match self.steps:
            case []:
                self._send_phones()
            case ["phones", name] if name.endswith(".json"):
                self._send_phone_facts(_international(name.removesuffix(".json")))
            case ["phones", number]:
                self._send_phone(_international(number))
            case ["static", name]:
                self._send_static(name)
            case ["log.json"]:
                self._send_log()
            case ["stats.json"]:
                with self._carrier.journal.lock:
                    self._send_json(self._carrier.book.stats())
            case ["lookup"]:
                self._check_token()
                found = self._carrier.look_up(self.query.get("reference", ""))
                self._send_json(found, 200 if found["known"] else 404)
            case ["check"]:
                self._check_token()
                self._send_json({"ok": True})
            case _:
                self._send_not_found()

    def _post(self) -> None:
        match self.steps:
            case ["messages"]:
                self._check_token()
                self._send_json(self._carrier.accept(self._json_object()), 202)
            case ["messages", "batch"]:
                self._check_token()
                messages = self._json_object().get("messages")
                if not isinstance(messages, list) or not all(
                    isinstance(message, dict) for message in messages
                ):
                    raise Refused(400, "malformed")
                results = self._carrier.accept_many(messages)
                self._send_json({"messages": results}, 202)
            case ["phones", number, "reply"]:
                self._take_reply(_international(number))
            case _:
                raise Refused(404, "no_such_address")

    @property
    def _carrier(self) -> Carrier:
        return self.server.carrier

    def _check_token(self) -> None:
        time.sleep(self._carrier.setup.answer_delay)
        given = (self.headers.get("Authorization") or "").encode()
        wanted = f"Bearer {self._carrier.setup.secret}".encode()
        if not hmac.compare_digest(given, wanted):
            raise Refused(401, "unauthorized")

    def _json_object(self) -> dict[str, Any]:
        try:
            value = json.loads(self.body)
        except ValueError:
            raise Refused(400, "malformed") from None
        if not isinstance(value, dict):
            raise Refused(400, "malformed")
        return value

    def _take_reply(self, number: str) -> None:
        if "json" in self.headers.get("Content-Type", ""):
            fields = self._json_object()
            text, to = str(fields.get("text", "")), str(fields.get("to", ""))
            self._send_json({"id": self._carrier.reply(number, text, to=to)}, 202)
            return
        form = dict(parse_qsl(self.body.decode(errors="replace")))
        try:
            self._carrier.reply(number, form.get("text", ""))
        except Refused as refused:
            self._send_phone(number, notice=refused.error, status=refused.status)
            return
        address = f"/phones/{quote(number)}"
        self._send(b"", "text/plain", HTTPStatus.SEE_OTHER, {"Location": address})

    def _send_phones(self) -> None:
        wanted = self.query.get("q", "").strip()
        digits = wanted.lstrip("+")
        with self._carrier.journal.lock:
            threads = self._carrier.book.by_phone
            found = [
                thread[-_SHOWN_MESSAGES:]
                for number, thread in reversed(threads.items())
                if digits in number
            ]
        self._send_html(
            pages.phones_page(found[:_LISTED_PHONES], total=len(found), wanted=wanted)
        )

    def _send_phone(self, number: str, *, notice: str = "", status: int = 200) -> None:
        with self._carrier.journal.lock:
            thread = self._carrier.book.by_phone.get(number, [])[-_SHOWN_MESSAGES:]
            answers_to = self._carrier.answerable_peer(number)
        page = pages.phone_page(number, thread, answers_to=answers_to, notice=notice)
        self._send_html(page, status)

    def _send_phone_facts(self, number: str) -> None:
        with self._carrier.journal.lock:
            thread = self._carrier.book.by_phone.get(number, [])
            facts = [sms.facts() for sms in thread if sms.is_shown]
        self._send_json({"number": number, "messages": facts})

    def _send_log(self) -> None:
        after = self.query.get("after", "0")
        start = int(after) if after.isdecimal() else 0
        with self._carrier.journal.lock:
            entries = self._carrier.journal.entries[start : start + _LISTED_ENTRIES]
        self._send_json({"entries": entries, "next": start + len(entries)})

    def _send_static(self, name: str) -> None:
        path = _STATIC / name
        kind = _STATIC_TYPES.get(path.suffix)
        if kind is None or path.parent != _STATIC or not path.is_file():
            self._send_not_found()
            return
        self._send(path.read_bytes(), kind)

    def _send_not_found(self) -> None:
        page = pages.message_page("Not found", "There is no such page here.")
        self._send_html(page, 404)

    def _send_html(self, page: str, status: int = 200) -> None:
        self._send(page.encode(), "text/html; charset=utf-8", status)

    def _send_json(
        self, value: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(value, ensure_ascii=False).encode()
        self._send(body, "application/json", status, headers)

    def _send(
        self,
        body: bytes,
        kind: str,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (_HEADERS | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _international(number: str) -> str:
    # A plus in an address is easily lost, so it may be left out.
    return f"+{number}" if number.isdecimal() else number
