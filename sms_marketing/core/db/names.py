"""Quoted names of tables and columns, for SQL that is written by hand."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class Names:
    """The table and columns of a model, quoted for one database."""

    def __init__(
        self, model: type[models.Model], connection: BaseDatabaseWrapper
    ) -> None:
        self._meta: Any = model._meta
        self._quote = connection.ops.quote_name
        self.table: str = self._quote(self._meta.db_table)
        self.key: str = self._quote(str(self._meta.pk.column))

    def column(self, field: str) -> str:
        """The quoted column of a field, named as in Python."""
        return self._quote(str(self._meta.get_field(field).column))

    def columns(self, fields: Any) -> str:
        """Several of them, separated by commas."""
        return ", ".join(self.column(field) for field in fields)
