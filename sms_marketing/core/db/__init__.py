"""Everything that the ORM cannot say, for all three databases: the house's raw SQL."""

from __future__ import annotations

from sms_marketing.core.db.claim import claim_rows
from sms_marketing.core.db.insert import insert_from_select, insert_missing
from sms_marketing.core.db.now import DatabaseNow, Instant, database_now
from sms_marketing.core.db.retry import repeated_after_deadlock
from sms_marketing.core.db.tables import has_table
from sms_marketing.core.db.update import update_rows

__all__ = [
    "DatabaseNow",
    "Instant",
    "claim_rows",
    "database_now",
    "has_table",
    "insert_from_select",
    "insert_missing",
    "repeated_after_deadlock",
    "update_rows",
]
