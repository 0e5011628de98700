"""A conditional index, and what stands for it where there are no conditions."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.db.models import Q

from sms_marketing.core.indexes import PartialIndex
from sms_marketing.models import Event

INDEX = PartialIndex(
    fields=["id"],
    condition=Q(processed_at__isnull=True),
    plain=["processed_at", "id"],
    name="event_probe",
)


@pytest.mark.django_db
def test_the_condition_or_its_column_is_in_the_index() -> None:
    editor = connection.SchemaEditorClass(connection, collect_sql=True)
    sql = str(INDEX.create_sql(Event, editor))

    column = connection.ops.quote_name("processed_at")
    if connection.features.supports_partial_indexes:
        assert f"WHERE {column} IS NULL" in sql
    else:
        assert f"({column}, {connection.ops.quote_name('id')})" in sql


def test_migrations_make_the_same_index_of_it() -> None:
    path, args, kwargs = INDEX.deconstruct()

    assert path == "sms_marketing.core.indexes.PartialIndex"
    assert PartialIndex(*args, **kwargs) == INDEX
    narrower = PartialIndex(**{**kwargs, "plain": ["processed_at"]})
    assert narrower != INDEX
    assert models.Index(fields=["id"], name="event_probe") != INDEX
