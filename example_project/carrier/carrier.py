"""The carrier itself: takes messages, decides their fate, carries answers back."""

from __future__ import annotations

import ipaddress
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from example_project.carrier.book import Book, Sms
from example_project.carrier.fates import fate_of
from example_project.carrier.journal import Journal
from example_project.carrier.parts import count_parts
from example_project.carrier.postman import Callback, Postman

_NUMBER = re.compile(r"\+[1-9]\d{6,14}")
_ANSWERABLE = re.compile(r"\+?\d{3,15}")
_LONGEST_TEXT = 1600


class Refused(Exception):
    """The carrier does not take this; ``status`` is the HTTP status of the refusal."""

    def __init__(self, status: int, error: str) -> None:
        self.status = status
        self.error = error
        super().__init__(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How one carrier is run."""

    log: Path
    inbound_url: str
    secret: str
    receipt_delay: float = 0.3
    """Seconds from taking a message to its receipt."""
    answer_delay: float = 0.0
    """Seconds that every API call takes."""


class Carrier:
    """One network with its phones."""

    def __init__(self, setup: Setup) -> None:
        require_loopback(setup.inbound_url)
        self.setup = setup
        self.book = Book()
        self.journal = Journal(setup.log, self.book.apply)
        self._postman = Postman(
            setup.secret,
            on_due=self._on_due,
            on_taken=self._on_taken,
            on_lost=self._on_lost,
        )
        self._resume()

    def accept(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Take one message; return its id and parts, or raise Refused."""
        to, text, sender, reference, receipt_url = (
            str(message.get(key) or "")
            for key in ("to", "text", "from", "reference", "receipt_url")
        )
        if not text or len(text) > _LONGEST_TEXT or not sender or not reference:
            raise Refused(400, "malformed")
        if receipt_url and not is_loopback_url(receipt_url):
            raise Refused(400, "receipt_url_not_loopback")
        fate = fate_of(to)
        named = {"to": to, "reference": reference}
        with self.journal.lock:
            if not _NUMBER.fullmatch(to) or fate.refusal:
                error = fate.refusal or "invalid_number"
                self.journal.record("refused", {**named, "error": error})
                raise Refused(422, error)
            if self.book.throttled[to] < fate.throttled_times:
                self.journal.record("throttled", named)
                raise Refused(429, "throttled")
            entry = self.journal.record(
                "accepted",
                {
                    "id": uuid.uuid4().hex,
                    "reference": reference,
                    "to": to,
                    "from": sender,
                    "text": text,
                    "parts": count_parts(text),
                    "receipt_url": receipt_url,
                },
            )
        self._promise_receipt(self.book.by_id[entry["id"]])
        return {"id": entry["id"], "parts": entry["parts"], "reference": reference}

    def accept_many(self, messages: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Take each message by itself; what is refused carries ``error``."""
        results = []
        for message in messages:
            try:
                results.append(self.accept(message))
            except Refused as refused:
                result: dict[str, Any] = {
                    "reference": str(message.get("reference") or ""),
                    "error": refused.error,
                }
                if refused.status == 429:
                    result["retry_after"] = 1
                results.append(result)
        return results

    def look_up(self, reference: str) -> dict[str, Any]:
        """Tell what is known of a reference."""
        sms = self.book.by_reference.get(reference)
        if sms is None:
            return {"known": False, "reference": reference}
        return {"known": True, **sms.facts(), "error": sms.error}

    def reply(self, number: str, text: str, *, to: str = "") -> str:
        """The subscriber writes; return the id, or raise Refused."""
        to = to or self.answerable_peer(number)
        if not text.strip() or len(text) > _LONGEST_TEXT:
            raise Refused(400, "malformed")
        if not _NUMBER.fullmatch(number) or not _ANSWERABLE.fullmatch(to):
            # A sender that is a name has no number that an answer could go to.
            raise Refused(409, "nobody_to_answer")
        entry = self.journal.record(
            "inbound",
            {"id": uuid.uuid4().hex, "from": number, "to": to, "text": text},
        )
        self._carry_answer(entry)
        return str(entry["id"])

    def answerable_peer(self, number: str) -> str:
        """The number that last wrote to this phone; "" if only names did."""
        for sms in reversed(self.book.by_phone.get(number, [])):
            if _ANSWERABLE.fullmatch(sms.peer):
                return sms.peer
        return ""

    def close(self) -> None:
        """Stop posting and close the log."""
        self._postman.close()
        self.journal.close()

    def _promise_receipt(self, sms: Sms) -> None:
        fate = fate_of(sms.phone)
        if fate.status is None:
            return
        item = {
            "id": sms.id,
            "reference": sms.reference,
            "status": fate.status,
            "error": fate.error,
            "parts": sms.parts,
        }
        self._postman.post(
            Callback(url=sms.receipt_url, kind="receipts", item=item),
            after=self.setup.receipt_delay,
        )

    def _carry_answer(self, entry: Mapping[str, Any]) -> None:
        item = {key: entry[key] for key in ("id", "from", "to", "text", "at")}
        callback = Callback(url=self.setup.inbound_url, kind="messages", item=item)
        self._postman.post(callback, after=0)

    def _on_due(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            item = callback.item
            if callback.kind == "receipts" and item["status"] != self._status(item):
                entry = self.journal.record(
                    "outcome",
                    {key: item[key] for key in ("id", "reference", "status", "error")},
                )
                item["at"] = entry["at"]

    def _on_taken(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            kind = "receipt" if callback.kind == "receipts" else "inbound_taken"
            self.journal.record(kind, {"id": callback.item["id"]})

    def _on_lost(self, callbacks: list[Callback]) -> None:
        for callback in callbacks:
            self.journal.record("callback_lost", {"id": callback.item["id"]})

    def _status(self, item: Mapping[str, Any]) -> str:
        return self.book.by_id[item["id"]].status

    def _resume(self) -> None:
        # After a restart: whatever was promised and has not been taken is told again.
        told = {
            entry["id"]
            for entry in self.journal.entries
            if entry["kind"] in ("receipt", "inbound_taken", "callback_lost")
        }
        for sms in list(self.book.by_id.values()):
            if sms.id not in told:
                self._promise_receipt(sms)
        for entry in list(self.journal.entries):
            if entry["kind"] == "inbound" and entry["id"] not in told:
                self._carry_answer(entry)


def is_loopback_host(host: str) -> bool:
    """Whether a host can only be this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Whether an address is plain http to this machine."""
    try:
        parts = urlsplit(url)
        return parts.scheme == "http" and is_loopback_host(parts.hostname or "")
    except ValueError:
        return False


def require_loopback(url: str) -> None:
    """Raise ValueError for an address beyond this machine."""
    if not is_loopback_url(url):
        raise ValueError("callbacks go to http://127.0.0.1, localhost or [::1] only")
