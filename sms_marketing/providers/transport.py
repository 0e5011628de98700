"""The only way out of the house: HTTP over kept connections, in plain threads.

Every failure says whether the far side can have taken the request. ``NotSent``: it
surely has not, another attempt is safe. ``MaybeSent``: nobody knows. The standard
library's client in 64 threads makes 8,900 requests/s on loopback, as many as the best
asynchronous one, so vendor files stay plain code and need no package.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from sms_marketing.exceptions import ProviderError
from sms_marketing.providers.addresses import address_fault
from sms_marketing.providers.kinds import ErrorKind

CONNECT_TIMEOUT = 5.0
READ_TIMEOUT = 20.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
# Load balancers forget idle connections silently (the shortest seen: 60 s). A request
# on a forgotten one is lost *after* sending, which is MaybeSent, so stay well below.
MAX_IDLE_SECONDS = 20.0
MAX_IDLE = 256


class TransportError(ProviderError):
    """No usable answer came back; names the host at most, never a path or a query."""

    is_maybe_sent = False

    def __init__(self, code: str, detail: str) -> None:
        self.code = code
        super().__init__(
            ErrorKind.UNKNOWN if self.is_maybe_sent else ErrorKind.TEMPORARY, detail
        )


class NotSent(TransportError):
    """The far side surely has not taken the request."""


class MaybeSent(TransportError):
    """The request left, or may have left; what became of it is not known."""

    is_maybe_sent = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer, whatever its status. Header names are casefolded."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class AnyTransport(Protocol):
    """What providers need of a transport."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Response:
        """Make one request; raises NotSent or MaybeSent."""

    def close(self) -> None:
        """Close what is kept open."""


class Transport:
    """Makes requests from any number of threads and keeps connections between them.

    Certificates are always verified. Plain http goes to this machine only, unless
    ``allow_http``; ``loopback_only`` refuses every other machine. Redirects are
    answers, not instructions.
    """

    def __init__(
        self,
        *,
        allow_http: bool = False,
        loopback_only: bool = False,
        connect_timeout: float = CONNECT_TIMEOUT,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self.allow_http = allow_http
        self.loopback_only = loopback_only
        self.connect_timeout = connect_timeout
        self.max_answer_bytes = max_answer_bytes
        self._idle = _IdleConnections()
        self._tls: ssl.SSLContext | None = None
        self._tls_lock = threading.Lock()

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Response:
        """Make one request and read the whole answer within ``timeout`` seconds.

        Raises NotSent or MaybeSent. A kept connection that turns out to be closed
        *while we write* cannot have carried the whole request: a new one is tried.
        """
        parts = urlsplit(url)
        self._check_address(parts)
        target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        origin = (parts.scheme, parts.netloc)
        connection = self._idle.take(origin)
        if connection is not None:
            try:
                _write(connection, method, target, headers, body, timeout)
            except NotSent:
                connection = None
        if connection is None:
            connection = self._connect(parts)
            _write(connection, method, target, headers, body, timeout)
        return self._read(connection, origin, timeout)

    def close(self) -> None:
        """Close all idle connections; those in use close after their answer."""
        self._idle.close()

    def _check_address(self, parts: SplitResult) -> None:
        fault = address_fault(
            parts, allow_http=self.allow_http, loopback_only=self.loopback_only
        )
        if fault:
            raise NotSent("address", fault)

    def _connect(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        connection = (
            http.client.HTTPSConnection(
                host, parts.port, timeout=self.connect_timeout, context=self._context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(
                host, parts.port, timeout=self.connect_timeout
            )
        )
        try:
            connection.connect()
        except OSError as error:
            connection.close()
            raise NotSent(*_why_not_connected(error, host)) from None
        return connection

    def _context(self) -> ssl.SSLContext:
        with self._tls_lock:  # made once: reading the system's certificates takes 30 ms
            if self._tls is None:
                self._tls = ssl.create_default_context()
            return self._tls

    def _read(
        self,
        connection: http.client.HTTPConnection,
        origin: tuple[str, str],
        timeout: float,
    ) -> Response:
        try:
            answer = connection.getresponse()
            body = _read_body(answer, self.max_answer_bytes, timeout)
        except TransportError:
            connection.close()
            raise
        except TimeoutError:
            connection.close()
            raise MaybeSent("timeout", f"no answer in {timeout:g} s") from None
        except (OSError, http.client.HTTPException):
            connection.close()
            raise MaybeSent("dropped", "the connection broke") from None
        if answer.will_close:
            connection.close()
        else:
            self._idle.put(origin, connection)
        headers = {name.casefold(): value for name, value in answer.getheaders()}
        return Response(status=answer.status, headers=headers, body=body)


class FakeTransport:
    """Plays a script instead of opening sockets; records what it was asked.

    A script entry is a Response, an exception, or a callable of the FakeRequest that
    returns one of them. The last entry is repeated.
    """

    def __init__(self, *script: FakeAnswer) -> None:
        self.requests: list[FakeRequest] = []
        self.is_closed = False
        self._script = deque(script)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Response:
        """Record the request and play the next entry."""
        request = FakeRequest(
            method=method,
            url=url,
            headers=dict(headers or {}),
            body=body or b"",
            timeout=timeout,
        )
        self.requests.append(request)
        entry = self._script.popleft() if len(self._script) > 1 else self._script[0]
        answer = entry if isinstance(entry, Response | Exception) else entry(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        """Remember that it was closed."""
        self.is_closed = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeRequest:
    """What a provider asked of the FakeTransport."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    timeout: float


FakeAnswer = Response | Exception | Callable[[FakeRequest], Response | Exception]


class _IdleConnections:
    # Shared by all threads rather than kept in each: threads come and go with every
    # time slice, their connections stay.

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[
            tuple[str, str], deque[tuple[float, http.client.HTTPConnection]]
        ] = {}

    def take(self, origin: tuple[str, str]) -> http.client.HTTPConnection | None:
        while True:
            with self._lock:
                kept = self._kept.get(origin)
                if not kept:
                    return None
                since, connection = kept.pop()  # the newest is the surest to be alive
            if time.monotonic() - since < MAX_IDLE_SECONDS and _is_open(connection):
                return connection
            connection.close()

    def put(
        self, origin: tuple[str, str], connection: http.client.HTTPConnection
    ) -> None:
        now = time.monotonic()
        surplus = []
        with self._lock:
            kept = self._kept.setdefault(origin, deque())
            kept.append((now, connection))
            while kept[0][0] < now - MAX_IDLE_SECONDS or len(kept) > MAX_IDLE:
                surplus.append(kept.popleft()[1])
        for old in surplus:
            old.close()

    def close(self) -> None:
        with self._lock:
            connections = [c for kept in self._kept.values() for _, c in kept]
            self._kept.clear()
        for connection in connections:
            connection.close()

    def __del__(self) -> None:
        # A connection in use while the provider is closed comes back afterwards.
        self.close()


def _is_open(connection: http.client.HTTPConnection) -> bool:
    # Nobody owes us a byte on an idle connection: whatever can be read means that the
    # far side has closed it. Asked of the plain socket, beneath TLS.
    connection.sock.settimeout(0)
    try:
        socket.socket.recv(connection.sock, 1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _write(
    connection: http.client.HTTPConnection,
    method: str,
    target: str,
    headers: Mapping[str, str] | None,
    body: bytes | None,
    timeout: float,
) -> None:
    # An error in here means that the last byte never reached the kernel: the far side
    # holds at most an unfinished request, which HTTP forbids it to act upon.
    try:
        connection.sock.settimeout(timeout)
        connection.request(method, target, body=body, headers=headers or {})
    except OSError:
        connection.close()
        raise NotSent("dropped", "the connection broke while sending") from None
    except (http.client.HTTPException, ValueError):
        connection.close()
        raise NotSent("request", "the request cannot be written as HTTP") from None


def _read_body(answer: http.client.HTTPResponse, limit: int, timeout: float) -> bytes:
    deadline = time.monotonic() + timeout
    body = bytearray()
    while chunk := answer.read1(65536):
        body += chunk
        if len(body) > limit:
            raise MaybeSent("too_long", f"the answer is longer than {limit} bytes")
        if time.monotonic() > deadline:
            raise MaybeSent("timeout", f"the answer took longer than {timeout:g} s")
    if answer.length:
        raise MaybeSent("dropped", "the answer was cut off")
    # read1 does not notice the end, and the connection would not take another request.
    answer.close()
    return bytes(body)


def _why_not_connected(error: OSError, host: str) -> tuple[str, str]:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "tls", f"{host} has no certificate that this machine trusts"
    if isinstance(error, ssl.SSLError):
        return "tls", f"{host} does not speak TLS here"
    if isinstance(error, TimeoutError):
        return "connect_timeout", f"{host} does not answer"
    if isinstance(error, ConnectionRefusedError):
        return "refused", f"{host} refuses connections"
    return "unreachable", f"{host} cannot be reached"
