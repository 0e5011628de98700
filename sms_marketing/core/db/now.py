"""The database's own clock, as an expression and as a value (R12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateTimeField, Func, Value
from django.db.models.sql.compiler import SQLCompiler


class DatabaseNow(Func):
    """This instant by the database's clock, in UTC, in Django's own column format.

    Workers' clocks differ, so leases, due times and gates compare with this one.
    Add a ``timedelta`` to it as to a ``datetime``.
    """

    template = "%(function)s"
    # Not clock_timestamp(): that is VOLATILE, so no index could serve `due_at <= now`.
    # Not CURRENT_TIMESTAMP: that stands still for the length of a transaction.
    function = "STATEMENT_TIMESTAMP()"
    output_field: Any = DateTimeField()

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """UTC, because Django stores naive UTC there."""
        return self.as_sql(compiler, connection, function="UTC_TIMESTAMP(6)", **context)

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """Text that sorts among the texts that Django writes; whole milliseconds."""
        return self.as_sql(
            compiler,
            connection,
            template="STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'now')",
            **context,
        )


class Instant(Value):
    """An instant given by Python, also as one of the branches of a ``Case``.

    There MariaDB takes the bare literal for text and Django does not read it back.
    """

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment, output_field=DateTimeField())

    def as_mysql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, Any]:
        """The literal, named as what it is."""
        sql, params = self.as_sql(compiler, connection)
        return f"CAST({sql} AS DATETIME(6))", params


NOW_SQL = {
    "postgresql": "SELECT STATEMENT_TIMESTAMP()",
    "mysql": "SELECT UTC_TIMESTAMP(6)",
    "sqlite": "SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'now')",
}


def database_now(using: str) -> datetime:
    """This instant by the database's clock, aware, in UTC."""
    connection = connections[using]
    with connection.cursor() as cursor:
        cursor.execute(NOW_SQL[connection.vendor])
        (value,) = cursor.fetchone()
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC)
