"""The only clock of the house, so that a test can hold it still."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone


def now() -> datetime:
    """This instant, aware, in UTC.

    Leases, due times and gates compare with the *database's* clock instead
    (``core.db.DatabaseNow``): workers' clocks differ (R12).
    """
    return timezone.now()
