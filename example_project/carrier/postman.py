"""Carries the carrier's news back: signed, grouped by address, repeated until taken."""

from __future__ import annotations

import hashlib
import heapq
import hmac
import http.client
import itertools
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

# Half a second, doubled six times: about half a minute for a server that starts late.
_FIRST_WAIT = 0.5
_TRIES = 7
_GROUP = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One piece of news for one address."""

    url: str
    kind: str
    """ "receipts" or "messages"; the name of the list in the body as well."""
    item: dict[str, Any] = field(hash=False)
    tries: int = 0


Listener = Callable[[list[Callback]], None]


class Postman:
    """A few threads that post what is due.

    ``on_due`` hears of news just before its first try, ``on_taken`` once the address
    has answered 2xx, ``on_lost`` when the last try has failed.
    """

    def __init__(
        self,
        secret: str,
        *,
        on_due: Listener,
        on_taken: Listener,
        on_lost: Listener,
        workers: int = 4,
    ) -> None:
        self._secret = secret
        self._on_due = on_due
        self._on_taken = on_taken
        self._on_lost = on_lost
        self._due: list[tuple[float, int, Callback]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_closed = False
        self._threads = [
            threading.Thread(target=self._work, daemon=True) for _ in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def post(self, callback: Callback, *, after: float) -> None:
        """Post it after so many seconds."""
        with self._changed:
            due = (time.monotonic() + after, next(self._numbers), callback)
            heapq.heappush(self._due, due)
            self._changed.notify()

    def close(self) -> None:
        """Stop; what is not posted yet is told again after the next start."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while callbacks := self._take():
            groups: dict[tuple[str, str], list[Callback]] = defaultdict(list)
            for callback in callbacks:
                groups[callback.url, callback.kind].append(callback)
            for group in groups.values():
                self._post_group(group)

    def _take(self) -> list[Callback]:
        with self._changed:
            while not self._is_closed:
                now = time.monotonic()
                taken: list[Callback] = []
                while self._due and self._due[0][0] <= now and len(taken) < _GROUP:
                    taken.append(heapq.heappop(self._due)[2])
                if taken:
                    return taken
                self._changed.wait(self._due[0][0] - now if self._due else None)
        return []

    def _post_group(self, group: list[Callback]) -> None:
        fresh = [callback for callback in group if callback.tries == 0]
        if fresh:
            self._on_due(fresh)
        if not group[0].url:
            return  # decided, but nobody asked to be told
        if self._is_taken(group):
            self._on_taken(group)
            return
        lost = [callback for callback in group if callback.tries + 1 >= _TRIES]
        if lost:
            self._on_lost(lost)
        for callback in group:
            if callback.tries + 1 < _TRIES:
                again = replace(callback, tries=callback.tries + 1)
                self.post(again, after=_FIRST_WAIT * 2**callback.tries)

    def _is_taken(self, group: list[Callback]) -> bool:
        url, kind = group[0].url, group[0].kind
        body = json.dumps(
            {"type": kind, kind: [callback.item for callback in group]},
            ensure_ascii=False,
        ).encode()
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=10
        )
        try:
            connection.request(
                "POST",
                parts._replace(scheme="", netloc="").geturl() or "/",
                body=body,
                headers={"Content-Type": "application/json", **self._signed(body)},
            )
            return 200 <= connection.getresponse().status <= 299
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _signed(self, body: bytes) -> dict[str, str]:
        timestamp = str(int(time.time()))
        message = timestamp.encode() + b"." + body
        digest = hmac.new(self._secret.encode(), message, hashlib.sha256).hexdigest()
        return {
            "X-Carrier-Timestamp": timestamp,
            "X-Carrier-Signature": f"sha256={digest}",
        }
