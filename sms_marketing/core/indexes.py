"""Conditional indexes that find as fast where no database condition is to be had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.backends.ddl_references import Statement


class PartialIndex(models.Index):
    """An index with a condition, and other columns for MariaDB and MySQL.

    They have no conditions: Django leaves the condition out there and keeps the rest.
    ``plain`` names the columns of that index, what the condition asks for among them;
    without it the claim would read all that a campaign has sent already.
    """

    def __init__(self, *, plain: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.plain = list(plain)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        """Tell migrations of the other columns as well."""
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "plain": self.plain}

    def create_sql(
        self,
        model: type[models.Model],
        schema_editor: BaseDatabaseSchemaEditor,
        using: str = "",
        **kwargs: Any,
    ) -> Statement:
        """With the condition, or with the plain columns where there are none."""
        if schema_editor.connection.features.supports_partial_indexes:
            return super().create_sql(model, schema_editor, using, **kwargs)
        plain = models.Index(fields=self.plain, name=self.name)
        return plain.create_sql(model, schema_editor, using, **kwargs)
