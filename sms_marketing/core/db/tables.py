"""Which tables are there yet."""

from __future__ import annotations

from django.db import connections, models, router


def has_table(model: type[models.Model]) -> bool:
    """Whether the table of a model was made, in the database that it is written to.

    ``migrate`` for one app, or back to zero, tells every app when it is done.
    """
    connection = connections[router.db_for_write(model)]
    return model._meta.db_table in connection.introspection.table_names()
