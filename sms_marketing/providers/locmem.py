"""Keeps messages in a list instead of sending them: for tests, ours and a host's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any

from sms_marketing.providers.base import (
    BaseProvider,
    Lookup,
    Outbound,
    Receipt,
    SendResult,
)
from sms_marketing.providers.kinds import (
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
)
from sms_marketing.providers.options import OptionReader
from sms_marketing.providers.transport import AnyTransport

# What the next message, or one to a certain number, meets.
Fate = Outcome | ErrorKind

_FATES: dict[str, Fate] = {
    **{outcome.value: outcome for outcome in Outcome if outcome is not Outcome.REFUSED},
    **{kind.value: kind for kind in ErrorKind},
}


class LocmemProvider(BaseProvider):
    """A carrier in this process: ``outbox`` holds what it took, in order.

    It takes everything, unless a fate was planned: ``plan(ErrorKind.THROTTLED)`` for
    the next message, or OPTIONS ``{"fates": {"91": "invalid_number"}}`` by the last
    digits of the number. OPTIONS ``max_batch`` makes it a bulk carrier.
    """

    code = "locmem"
    name = "Local memory"
    supports_lookup = True

    def __init__(
        self,
        alias: str,
        options: Mapping[str, Any] | None = None,
        *,
        transport: AnyTransport | None = None,
    ) -> None:
        self.outbox: list[Outbound] = []
        self._lock = threading.Lock()
        self._planned: deque[Fate] = deque()
        self._fates: dict[str, Fate] = {}
        super().__init__(alias, options, transport=transport)

    def check_options(self) -> None:
        """Read ``fates`` and ``max_batch``."""
        reader = OptionReader(self.options, self.options_path)
        self.max_batch = int(reader.number("max_batch", 1, low=1, high=10_000))
        for suffix, word in reader.text_map("fates").items():
            if word not in _FATES:
                raise reader.wrong("fates", f"must map to one of: {', '.join(_FATES)}")
            self._fates[suffix] = _FATES[word]
        reader.finish()

    def plan(self, *fates: Fate) -> None:
        """Say what the next messages meet, in order; then all is accepted again."""
        for fate in fates:
            if fate is Outcome.REFUSED:
                raise ValueError("Say why it is refused: give an ErrorKind instead.")
            self._planned.append(fate)

    def clear(self) -> None:
        """Forget the outbox and what was planned."""
        self.outbox.clear()
        self._planned.clear()

    def send_one(self, outbound: Outbound) -> SendResult:
        """Meet the planned fate, else be taken into the outbox."""
        fate = self._fate_of(outbound)
        if isinstance(fate, ErrorKind):
            wait = 1.0 if fate is ErrorKind.THROTTLED else None
            return SendResult.refused(
                outbound, fate, code=fate.value, detail="planned", retry_after=wait
            )
        self.outbox.append(outbound)
        if fate is Outcome.UNCONFIRMED:
            return SendResult.unconfirmed(outbound, code="planned", detail="planned")
        return SendResult.accepted(
            outbound,
            provider_message_id=_message_id(outbound.reference),
            part_count=outbound.part_count,
        )

    def find(self, reference: str) -> Lookup:
        """Look into the outbox."""
        if not any(sent.reference == reference for sent in self.outbox):
            return Lookup(outcome=LookupOutcome.NOT_KNOWN)
        return Lookup(
            outcome=LookupOutcome.FOUND,
            receipt=Receipt(
                reference=reference,
                provider_message_id=_message_id(reference),
                status=ReceiptStatus.SENT,
            ),
        )

    def _fate_of(self, outbound: Outbound) -> Fate:
        with self._lock:
            if self._planned:
                return self._planned.popleft()
        for suffix, fate in self._fates.items():
            if outbound.to.endswith(suffix):
                return fate
        return Outcome.ACCEPTED


def _message_id(reference: str) -> str:
    return f"locmem-{reference}"
