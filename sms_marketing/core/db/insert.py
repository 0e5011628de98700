"""Writes the rows that a query finds, inside the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connections, models

from sms_marketing.core.db.names import Names


def insert_from_select(
    model: type[models.Model],
    columns: Sequence[str],
    queryset: models.QuerySet[Any, Any],
    *,
    ignore_conflicts: bool = True,
    using: str,
) -> int:
    """INSERT … SELECT; returns how many rows were written.

    ``columns`` are field names; the query is a ``values_list`` in the same order.
    A field that is not named gets its own default, as from ``Model()``.
    A million rows take 2.7 s on PostgreSQL, ``bulk_create`` 52 s (performance.md §1).
    With ``ignore_conflicts`` rows that are there already are left as they are; every
    other fault still raises (which INSERT IGNORE would swallow).
    """
    connection = connections[using]
    defaults = _defaults(model, set(columns))
    columns = [*columns, *defaults]
    queryset = queryset.annotate(
        **{f"default_{name}": value for name, value in defaults.items()}
    )
    select, params = queryset.query.get_compiler(using=using).as_sql()
    names = Names(model, connection)
    if ignore_conflicts:
        key = f"{names.table}.{names.key}"
        select = _ignoring_conflicts(connection.vendor, select, key, len(columns))
    insert = f"INSERT INTO {names.table} ({names.columns(columns)}) {select}"
    with connection.cursor() as cursor:
        if connection.vendor == "mysql" and ignore_conflicts:
            return _counting_conflicts(cursor, insert, params)
        cursor.execute(insert, params)
        return int(cursor.rowcount)


def insert_missing(
    model: type[models.Model],
    rows: Sequence[models.Model],
    *,
    unique: Sequence[str],
    using: str,
) -> None:
    """Insert the rows whose ``unique`` fields are not there yet; leave the others be.

    Not Django's ``ignore_conflicts``: it makes INSERT IGNORE of it on MariaDB, which
    also cuts texts, and INSERT OR IGNORE on SQLite: both swallow every other fault.
    The rows get no primary keys.
    """
    manager = model._default_manager.using(using)
    connection = connections[using]
    if connection.vendor == "postgresql":
        manager.bulk_create(rows, ignore_conflicts=True)
        return
    takes_target = connection.features.supports_update_conflicts_with_target
    manager.bulk_create(
        rows,
        update_conflicts=True,
        # Set to what it is: it was found equal, byte for byte.
        update_fields=unique[-1:],
        unique_fields=unique if takes_target else None,
    )


def _defaults(model: type[models.Model], given: set[str]) -> dict[str, models.Value]:
    defaults: dict[str, models.Value] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or given & {field.name, field.attname}:
            continue
        default = field.get_default()
        if default is not None:
            defaults[field.name] = models.Value(default, output_field=field)
    return defaults


def _ignoring_conflicts(vendor: str, select: str, key: str, count: int) -> str:
    if vendor == "mysql":
        # Set apart, or the key would be that of the query's own tables as well.
        names = ", ".join(f"c{place}" for place in range(count))
        given = f"WITH given({names}) AS ({select}) SELECT * FROM given"  # noqa: S608
        same = f"IF(@sms_left := @sms_left + 1, {key}, {key})"
        return f"{given} ON DUPLICATE KEY UPDATE {key} = {same}"
    if vendor == "sqlite":
        # Without a WHERE the parser takes ON for that of a join.
        return f"SELECT * FROM ({select}) WHERE TRUE ON CONFLICT DO NOTHING"  # noqa: S608
    return f"{select} ON CONFLICT DO NOTHING"


def _counting_conflicts(cursor: Any, insert: str, params: Any) -> int:
    # Django asks MariaDB for *found* rows, which takes a row that was left as it is for
    # one that was written.
    cursor.execute("SET @sms_left = 0")
    cursor.execute(insert, params)
    handled = int(cursor.rowcount)
    cursor.execute("SELECT @sms_left")
    return handled - int(cursor.fetchone()[0])
