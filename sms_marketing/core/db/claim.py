"""Takes due rows for one worker, so that no other worker takes them too."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import connections, models
from django.db.models import F

from sms_marketing.core.db.names import Names
from sms_marketing.core.db.now import DatabaseNow
from sms_marketing.core.db.retry import in_transaction


def claim_rows(
    due: models.QuerySet[Any],
    *,
    batch: models.Model,
    changes: Mapping[str, Any],
    lease: timedelta,
    limit: int,
    using: str,
) -> int:
    """Give up to ``limit`` of the due rows to a new batch; returns how many it got.

    ``due`` is in the order of claiming; ``changes`` are the fields to set besides
    ``batch`` and ``attempt``, which grows by one. The batch is saved, by the database's
    clock, only if it has rows. Rows that another worker is taking are passed over.
    """
    ids = due.values_list("pk", flat=True)[:limit]
    if connections[using].vendor == "postgresql":
        return _claim_at_once(ids, batch, changes, lease, using)
    claim = (
        _claim_locked
        if connections[using].features.has_select_for_update_skip_locked
        else _claim_by_writing
    )
    return in_transaction(lambda: claim(ids, batch, changes, lease, using), using=using)


def _claim_locked(
    ids: models.QuerySet[Any, Any],
    batch: models.Model,
    changes: Mapping[str, Any],
    lease: timedelta,
    using: str,
) -> int:
    """No UPDATE … RETURNING in MariaDB; the locks hold until the commit."""
    locked = list(ids.select_for_update(skip_locked=True))
    if not locked:
        return 0
    _save(batch, lease, size=len(locked), using=using)
    return _take(ids.model, locked, batch, changes, using)


def _claim_by_writing(
    ids: models.QuerySet[Any, Any],
    batch: Any,
    changes: Mapping[str, Any],
    lease: timedelta,
    using: str,
) -> int:
    """SQLite: the first statement writes, so that the lock is taken before the read.

    A transaction that begins with reading cannot always become a writing one.
    """
    _save(batch, lease, size=0, using=using)
    taken = _take(ids.model, ids, batch, changes, using)
    if taken:
        batch.size = taken
        batch.save(using=using, update_fields=["size"])
    else:
        batch.delete(using=using)
    return taken


def _save(batch: Any, lease: timedelta, *, size: int, using: str) -> None:
    batch.size = size
    batch.created_at = DatabaseNow()
    batch.lease_until = DatabaseNow() + lease
    batch.save(using=using, force_insert=True)


def _take(
    model: type[models.Model],
    ids: Any,
    batch: models.Model,
    changes: Mapping[str, Any],
    using: str,
) -> int:
    rows = model._default_manager.using(using).filter(pk__in=ids)
    return rows.update(batch=batch, attempt=F("attempt") + 1, **changes)


def _claim_at_once(
    ids: models.QuerySet[Any, Any],
    batch: models.Model,
    changes: Mapping[str, Any],
    lease: timedelta,
    using: str,
) -> int:
    """One statement: batch and rows appear together, so that neither is an orphan."""
    connection = connections[using]
    rows, batches = Names(ids.model, connection), Names(type(batch), connection)
    due, due_params = ids.query.get_compiler(using=using).as_sql()
    fields = [f for f in batch._meta.concrete_fields if not f.primary_key]
    special = {
        "size": ("COUNT(*)", []),
        "created_at": ("STATEMENT_TIMESTAMP()", []),
        "lease_until": ("STATEMENT_TIMESTAMP() + %s", [lease]),
    }
    values = [
        special.get(f.name) or ("%s", [_value(f, batch, connection)]) for f in fields
    ]
    sets = [f"{rows.column(name)} = %s" for name in changes]
    attempt = rows.column("attempt")
    columns = batches.columns(field.name for field in fields)
    sql = (
        f"WITH due({rows.key}) AS MATERIALIZED ({due} FOR UPDATE SKIP LOCKED), "  # noqa: S608
        f"lot AS (INSERT INTO {batches.table} ({columns})"
        f" SELECT {', '.join(sql for sql, _ in values)} FROM due"
        f" HAVING COUNT(*) > 0 RETURNING {batches.key}) "
        f"UPDATE {rows.table} SET {rows.column('batch')} = lot.{batches.key},"
        f" {attempt} = {rows.table}.{attempt} + 1, {', '.join(sets)} FROM due, lot"
        f" WHERE {rows.table}.{rows.key} = due.{rows.key}"
        f" RETURNING {rows.table}.{rows.column('batch')}"
    )
    params = [*due_params, *(p for _, given in values for p in given)]
    params += [
        _prepared(ids.model, name, value, connection) for name, value in changes.items()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        found = cursor.fetchone()
        if found is None:
            return 0
        batch.pk = found[0]
        return int(cursor.rowcount)


def _value(field: Any, instance: models.Model, connection: Any) -> Any:
    return field.get_db_prep_save(getattr(instance, field.attname), connection)


def _prepared(model: Any, name: str, value: Any, connection: Any) -> Any:
    value = value.pk if isinstance(value, models.Model) else value
    return model._meta.get_field(name).get_db_prep_save(value, connection)
