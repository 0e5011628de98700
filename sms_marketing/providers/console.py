"""Prints messages instead of sending them: for a developer's own terminal."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from typing import Any, TextIO

from sms_marketing.providers.base import BaseProvider, Outbound, SendResult
from sms_marketing.providers.options import OptionReader
from sms_marketing.providers.transport import AnyTransport


class ConsoleProvider(BaseProvider):
    """Writes number and text, unmasked, to a stream; never to a log.

    Whoever configures it wants to read them. It opens no connection.
    """

    code = "console"
    name = "Console"

    def __init__(
        self,
        alias: str,
        options: Mapping[str, Any] | None = None,
        *,
        transport: AnyTransport | None = None,
        stream: TextIO | None = None,
    ) -> None:
        super().__init__(alias, options, transport=transport)
        self._stream = stream
        self._lock = threading.Lock()

    def check_options(self) -> None:
        """There are none."""
        OptionReader(self.options, self.options_path).finish()

    def send_one(self, outbound: Outbound) -> SendResult:
        """Write the message and call it accepted."""
        # Looked up now, not at the start: servers and tests exchange sys.stdout.
        stream = self._stream or sys.stdout
        with self._lock:
            stream.write(
                f"── SMS {outbound.reference} ── {outbound.sender} → {outbound.to}"
                f" ── {outbound.part_count} part(s)\n{outbound.text}\n"
            )
            stream.flush()
        return SendResult.accepted(
            outbound, provider_message_id=f"console-{outbound.reference}"
        )
