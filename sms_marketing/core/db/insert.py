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
        select = _ignoring_conflicts(connection.vendor, select, key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {names.table} ({names.columns(columns)}) {select}", params
        )
        return _written(connection, cursor)


def _defaults(model: type[models.Model], given: set[str]) -> dict[str, models.Value]:
    defaults: dict[str, models.Value] = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or given & {field.name, field.attname}:
            continue
        default = field.get_default()
        if default is not None:
            defaults[field.name] = models.Value(default, output_field=field)
    return defaults


def _ignoring_conflicts(vendor: str, select: str, key: str) -> str:
    if vendor == "mysql":
        return f"{select} ON DUPLICATE KEY UPDATE {key} = {key}"
    if vendor == "sqlite":
        # Without a WHERE the parser takes ON for that of a join.
        return f"SELECT * FROM ({select}) WHERE TRUE ON CONFLICT DO NOTHING"  # noqa: S608
    return f"{select} ON CONFLICT DO NOTHING"


def _written(connection: Any, cursor: Any) -> int:
    if connection.vendor != "mysql":
        return int(cursor.rowcount)
    # Django asks MariaDB for *found* rows, which counts the duplicates as well.
    info = connection.connection.info() or ""
    counts = dict(part.split(": ") for part in info.split("  ") if ": " in part)
    if "Records" not in counts:
        return int(cursor.rowcount)
    return int(counts["Records"]) - int(counts["Duplicates"])
