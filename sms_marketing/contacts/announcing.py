"""News to the host: a receiver that fails is logged and harms nobody's transaction."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, transaction
from django.dispatch import Signal

logger = logging.getLogger(__name__)


class _BrokenTransactionError(Exception):
    """A receiver's SQL failed, so what the receivers wrote has to be taken back."""


def announce(signal: Signal, *, using: str, sender: type, **facts: Any) -> None:
    """Send a signal inside the transaction of ``using``; never raises into it.

    Receivers share a savepoint. It is rolled back when the SQL of one of them failed,
    because PostgreSQL would refuse every later statement; other errors undo nothing.
    """
    try:
        with transaction.atomic(using=using):
            _send(signal, sender, facts)
    except _BrokenTransactionError:
        logger.warning("what the receivers of the signal wrote was rolled back")


def _send(signal: Signal, sender: type, facts: dict[str, Any]) -> None:
    answers = signal.send_robust(sender=sender, **facts)
    if any(isinstance(answer, DatabaseError) for _receiver, answer in answers):
        raise _BrokenTransactionError
