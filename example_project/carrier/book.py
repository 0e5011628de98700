"""What the carrier knows: every answer it gives is a fold over its journal."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from example_project.carrier.journal import Entry


@dataclass(slots=True, kw_only=True)
class Sms:
    """One message on its way to a phone, or from one."""

    id: str
    at: str
    phone: str
    """The subscriber's number."""
    peer: str
    """The other side: the sender's number or name."""
    text: str
    is_outgoing: bool
    """Written on the phone by the subscriber."""
    reference: str = ""
    receipt_url: str = ""
    parts: int = 1
    status: str = "accepted"
    error: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether it is on the phone's screen: what was not delivered is not."""
        return self.is_outgoing or self.status in ("accepted", "delivered")

    def facts(self) -> dict[str, Any]:
        """The same for the JSON interface; "in" is what came to the phone."""
        return {
            "id": self.id,
            "at": self.at,
            "direction": "out" if self.is_outgoing else "in",
            "peer": self.peer,
            "text": self.text,
            "reference": self.reference,
            "parts": self.parts,
            "status": self.status,
        }


@dataclass(slots=True)
class Book:
    """Messages by id, by reference and by phone, and the counts."""

    by_id: dict[str, Sms] = field(default_factory=dict)
    by_reference: dict[str, Sms] = field(default_factory=dict)
    by_phone: dict[str, list[Sms]] = field(default_factory=lambda: defaultdict(list))
    throttled: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def apply(self, entry: Entry) -> None:
        """Take one journal entry in."""
        kind = entry["kind"]
        self.counts[kind] += 1
        if kind == "accepted":
            self._take(entry)
        elif kind == "inbound":
            self._take_answer(entry)
        elif kind == "throttled":
            self.throttled[entry["to"]] += 1
        elif kind == "outcome":
            sms = self.by_id[entry["id"]]
            sms.status, sms.error = entry["status"], entry["error"]
            self.counts[f"is_{sms.status}"] += 1

    def stats(self) -> dict[str, int]:
        """The figures that a demo is judged by."""
        counts = self.counts
        return {
            "accepted": counts["accepted"],
            "references": len(self.by_reference),
            "duplicates": counts["duplicate"],
            "parts": counts["part"],
            "refused": counts["refused"],
            "throttled": counts["throttled"],
            "delivered": counts["is_delivered"],
            "undelivered": counts["is_undelivered"],
            "expired": counts["is_expired"],
            "without_outcome": counts["accepted"] - counts["outcome"],
            "receipts_taken": counts["receipt"],
            "inbound": counts["inbound"],
            "inbound_taken": counts["inbound_taken"],
            "callbacks_lost": counts["callback_lost"],
            "phones": len(self.by_phone),
        }

    def _take(self, entry: Entry) -> None:
        sms = Sms(
            id=entry["id"],
            at=entry["at"],
            phone=entry["to"],
            peer=entry["from"],
            text=entry["text"],
            is_outgoing=False,
            reference=entry["reference"],
            receipt_url=entry["receipt_url"],
            parts=entry["parts"],
        )
        # A real carrier does not notice that a reference comes twice; a judge does.
        self.counts["duplicate"] += sms.reference in self.by_reference
        self.counts["part"] += sms.parts
        self.throttled.pop(sms.phone, None)
        self.by_id[sms.id] = self.by_reference[sms.reference] = sms
        self._show(sms)

    def _take_answer(self, entry: Entry) -> None:
        self._show(
            Sms(
                id=entry["id"],
                at=entry["at"],
                phone=entry["from"],
                peer=entry["to"],
                text=entry["text"],
                is_outgoing=True,
            )
        )

    def _show(self, sms: Sms) -> None:
        # Taken out and put back: the phone that rang last stands last.
        thread = self.by_phone.pop(sms.phone, [])
        thread.append(sms)
        self.by_phone[sms.phone] = thread
