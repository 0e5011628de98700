"""The product's report beside the carrier's own log: every figure must agree."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from example_project.demo.scene import PRICE
from example_project.demo.story import Deeds, total_of
from sms_marketing import contacts, reports
from sms_marketing.models import Campaign, Click, Message, MessageStatus

SMS = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure by two independent accounts."""

    name: str
    ours: object
    theirs: object

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        return self.ours == self.theirs


@dataclass(slots=True)
class Account:
    """The carrier's log, folded: what it took, and what became of it."""

    taken: dict[str, dict[str, Any]]
    doubled: int
    outcomes: Counter[str]

    @classmethod
    def read(cls, log: Path) -> Account:
        """From the file that the carrier appended to; it knows nothing of us."""
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        accepted = [entry for entry in entries if entry["kind"] == "accepted"]
        taken = {entry["reference"]: entry for entry in accepted}
        by_id = {entry["id"]: entry["reference"] for entry in accepted}
        outcomes = Counter(
            f"{by_id[entry['id']]}:{entry['status']}"
            for entry in entries
            if entry["kind"] == "outcome"
        )
        return cls(taken=taken, doubled=len(accepted) - len(taken), outcomes=outcomes)

    def of(self, messages: set[str]) -> dict[str, int]:
        """Counts of the messages whose references these are."""
        taken = [self.taken[reference] for reference in messages & set(self.taken)]
        return {
            "taken": len(taken),
            "parts": sum(entry["parts"] for entry in taken),
            **{
                status: sum(self.outcomes[f"{ref}:{status}"] for ref in messages)
                for status in ("delivered", "undelivered", "expired")
            },
        }


def compare(campaign: Campaign, deeds: Deeds, log: Path) -> Iterator[Figure]:
    """Our report of the campaign, our tables, and the carrier's log."""
    account = Account.read(log)
    yield from _of_everything(account)
    yield from _of_the_campaign(campaign, deeds, account)
    ledger = contacts.verify_ledger()
    yield Figure(name="faults in the ledger", ours=len(ledger.faults), theirs=0)


def _of_everything(account: Account) -> Iterator[Figure]:
    gone = Message.objects.filter(sent_at__isnull=False)
    yield Figure(
        name="messages handed over", ours=gone.count(), theirs=len(account.taken)
    )
    yield Figure(name="handed over twice", ours=0, theirs=account.doubled)
    ours = set(gone.values_list("to_phone", "body"))
    theirs: set[SMS] = {(sms["to"], sms["text"]) for sms in account.taken.values()}
    yield Figure(name="texts that differ", ours=0, theirs=len(ours ^ theirs))
    unconfirmed = Message.objects.filter(status=MessageStatus.UNCONFIRMED).count()
    yield Figure(name="unconfirmed", ours=unconfirmed, theirs=0)


def _of_the_campaign(
    campaign: Campaign, deeds: Deeds, account: Account
) -> Iterator[Figure]:
    report = reports.campaign_report(campaign)
    messages = Message.objects.filter(campaign=campaign)
    references = {
        f"{pk}-{attempt}" for pk, attempt in messages.values_list("pk", "attempt")
    }
    theirs = account.of(references)
    failed = {reason.key: reason.count for reason in report.failed}
    audience = messages.count()
    yield Figure(name="audience = rows", ours=campaign.audience_count, theirs=audience)
    yield Figure(name="sent", ours=report.count("sent"), theirs=theirs["taken"])
    yield Figure(
        name="delivered", ours=report.count("delivered"), theirs=theirs["delivered"]
    )
    yield Figure(
        name="not delivered or expired",
        ours=messages.filter(status__in=["undelivered", "expired"]).count(),
        theirs=theirs["undelivered"] + theirs["expired"],
    )
    yield Figure(
        name="refused numbers",
        ours=failed.get("invalid_number", 0),
        theirs=_refused(messages),
    )
    yield Figure(name="parts", ours=report.parts, theirs=theirs["parts"])
    yield Figure(
        name="cost", ours=cents(report.cost), theirs=cents(theirs["parts"] * PRICE)
    )
    yield Figure(
        name="people who opened the link",
        ours=report.count("clicked"),
        theirs=len(deeds.tapped),
    )
    machines = Click.objects.filter(message__campaign=campaign, is_bot=True).count()
    yield Figure(name="opened by machines", ours=machines, theirs=1)
    yield Figure(name="orders", ours=report.orders, theirs=len(deeds.bought))
    yield Figure(
        name="revenue",
        ours=cents(report.revenue),
        theirs=cents(total_of(list(deeds.bought.values()))),
    )
    yield Figure(name="opted out", ours=report.opt_outs, theirs=len(deeds.stopped))


def cents(amount: Decimal | None) -> str:
    """An amount as it is printed."""
    return "n/a" if amount is None else f"{amount:.4f}"


def _refused(messages: Any) -> int:
    """Numbers that the carrier refuses by their ending, of those that were tried."""
    tried = messages.filter(attempt__gt=0).values_list("to_phone", flat=True)
    return sum(phone.endswith("91") for phone in tried)
