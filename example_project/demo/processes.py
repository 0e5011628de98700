"""The demo's processes: free ports, an environment of its own, and a clean end."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Seconds that a process may take to listen, and to leave when it is asked to.
START_SECONDS = 30
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where the demo lives: addresses on loopback, files in one folder."""

    folder: Path
    web_port: int
    carrier_port: int

    @property
    def shop_url(self) -> str:
        """The shop; the admin is at /admin/."""
        return f"http://127.0.0.1:{self.web_port}"

    @property
    def carrier_url(self) -> str:
        """The carrier; its first page lists the phones."""
        return f"http://127.0.0.1:{self.carrier_port}"

    @property
    def database(self) -> Path:
        """The embedded database."""
        return self.folder / "demo.sqlite3"

    @property
    def carrier_log(self) -> Path:
        """The carrier's own append-only account: the judge of the demo."""
        return self.folder / "carrier.jsonl"


def free_port(wanted: int) -> int:
    """The wanted port if nobody has it, else one that the system picks."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


def environment(places: Places) -> dict[str, str]:
    """The variables of the demo's processes; secrets are new each time."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "DATABASE_URL": f"sqlite:///{places.database}",
        "SECRET_KEY": secrets.token_urlsafe(40),
        "DEBUG": "True",
        "SHOP_URL": places.shop_url,
        "SMS_PUBLIC_URL": f"{places.shop_url}/sms",
        "SMS_CARRIER_URL": places.carrier_url,
        "SMS_CARRIER_SECRET": secrets.token_urlsafe(24),
        "SMS_LINK_KEY": secrets.token_urlsafe(24),
        "SMS_LEDGER_KEY": secrets.token_urlsafe(24),
        # A worker stays on the look-out, so that timing is to the second.
        "SMS_TICK_SECONDS": "55",
        "LOG_LEVEL": "WARNING",
    }


@dataclass(slots=True)
class Household:
    """The children of the demo; leaving it ends all of them."""

    environment: Mapping[str, str]
    folder: Path
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Household:
        return self

    def __exit__(self, *exc: object) -> None:
        for child in self.children:
            # All at once, so that their patience is not added up.
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
        for child in reversed(self.children):
            end(child)

    def run(self, *arguments: str) -> int:
        """Run a command of manage.py to its end; its output is ours."""
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(command, env=self.environment, check=False).returncode

    def start(self, name: str, arguments: Sequence[str], *, port: int = 0) -> None:
        """Start a process with a log file of its own; wait until it listens."""
        log = (self.folder / f"{name}.log").open("wb")
        with log:
            child = subprocess.Popen(
                [sys.executable, *arguments],
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                # A group of its own: Ctrl-C reaches us alone, and we end the children
                # in order, the workers before the database's last writer.
                start_new_session=True,
            )
        self.children.append(child)
        if port:
            wait_for_port(port, child=child, log=self.folder / f"{name}.log")


def wait_for_port(port: int, *, child: subprocess.Popen[bytes], log: Path) -> None:
    """Return as soon as somebody listens; say what the log says if nobody does."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and child.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    tail = log.read_text(errors="replace")[-2000:]
    raise RuntimeError(f"nothing listens on 127.0.0.1:{port}; its log ends:\n{tail}")


def end(child: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was asked to leave; then end its whole group."""
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(STOP_SECONDS)
    # Workers of a cluster that was killed outlive it otherwise.
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
