"""A vendor on loopback that does exactly what a test tells it, over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as it arrived."""

    line: str
    headers: dict[str, str]
    body: bytes
    connection: int


Action = Callable[[socket.socket, Seen], bool]
"""Does something to the connection; returns whether to go on reading from it."""


@dataclass(slots=True)
class Vendor:
    """The script and what was seen; the last action repeats."""

    url: str
    script: deque[Action] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)

    def will(self, *actions: Action) -> Vendor:
        """Say what happens to the next requests."""
        self.script = deque(actions)
        return self


@contextmanager
def running_vendor() -> Iterator[Vendor]:
    """Serve on a free port of this machine until the block ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    vendor = Vendor(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    open_ones: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            open_ones.append(connection)
            thread = threading.Thread(
                target=_serve, args=(vendor, connection, len(open_ones)), daemon=True
            )
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=accept, daemon=True)
    accepting.start()
    try:
        yield vendor
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in open_ones:
            with suppress(OSError):  # most of them are closed already
                connection.shutdown(socket.SHUT_RDWR)
        accepting.join(2)
        for thread in threads:
            thread.join(2)


def answer(
    status: int = 200,
    body: bytes | str = b"",
    headers: dict[str, str] | None = None,
    *,
    then_close: bool = False,
) -> Action:
    """Answer properly; ``then_close`` closes without having announced it."""
    raw = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]

    def act(connection: socket.socket, seen: Seen) -> bool:
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
        return not then_close

    return act


def raw(data: bytes) -> Action:
    """Send these bytes and close."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        connection.sendall(data)
        return False

    return act


def drop(connection: socket.socket, seen: Seen) -> bool:
    """Read the request, then hang up without a word."""
    return False


def silence(seconds: float) -> Action:
    """Read the request and say nothing for a while."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        time.sleep(seconds)
        return False

    return act


def drip(data: bytes, *, every: float) -> Action:
    """Send byte after byte, slowly."""

    def act(connection: socket.socket, seen: Seen) -> bool:
        for byte in data:
            try:
                connection.sendall(bytes([byte]))
            except OSError:
                return False
            time.sleep(every)
        return False

    return act


def _serve(vendor: Vendor, connection: socket.socket, number: int) -> None:
    try:
        with connection, connection.makefile("rb") as stream:
            goes_on = True
            while goes_on:
                seen = _read(stream, number)
                if seen is None:
                    return
                vendor.seen.append(seen)
                script = vendor.script
                action = script.popleft() if len(script) > 1 else script[0]
                goes_on = action(connection, seen)
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the test is over, or the client has gone


def _read(stream, number: int) -> Seen | None:
    line = stream.readline().decode("latin-1").strip()
    if not line:
        return None
    headers = {}
    while pair := stream.readline().decode("latin-1").strip():
        name, _, value = pair.partition(":")
        headers[name.casefold()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    return Seen(line=line, headers=headers, body=body, connection=number)
