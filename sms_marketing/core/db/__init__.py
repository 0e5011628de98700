"""Everything that the ORM cannot say, for all three databases: the house's raw SQL."""

from __future__ import annotations

from sms_marketing.core.db.insert import insert_from_select
from sms_marketing.core.db.now import DatabaseNow, database_now

__all__ = ["DatabaseNow", "database_now", "insert_from_select"]
