"""Field paths such as ``customer.phone``: read on an object, checked on its model."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models

SEPARATOR = re.compile(r"\.|__")
#: Names shown when a path is wrong.
SUGGESTIONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Where a path leads: the model at its end, the joins on the way, or the fault."""

    #: None: a plain value, or something that only running code knows.
    model: type[models.Model] | None
    #: Leading foreign keys, as ``select_related`` takes them.
    joins: str = ""
    fault: str = ""


def read(obj: Any, path: str) -> Any:
    """Return what stands at the end of the path; None where a relation is empty.

    Methods on the way are called; ``lines`` and ``lines.all`` both give the rows.
    """
    for name in SEPARATOR.split(path):
        if obj is None:
            return None
        try:
            obj = getattr(obj, name)
        except ObjectDoesNotExist:
            return None
        if callable(obj) and not isinstance(obj, models.Manager):
            obj = obj()
    return obj.all() if isinstance(obj, models.Manager) else obj


def walk(model: type[models.Model], path: str) -> Walk:
    """Follow a path along the fields and attributes of models, without any data."""
    here: type[models.Model] | None = model
    joins: list[str] = []
    is_joining = True
    many = False
    for name in SEPARATOR.split(path):
        if here is None or (many and name == "all"):
            continue
        if not hasattr(here, name) and name not in _names(here):
            return Walk(model=None, fault=_unknown(here, name))
        relation = _relation(here, name)
        many = relation is not None and not _is_forward(relation)
        is_joining = is_joining and relation is not None and not many
        if is_joining:
            joins.append(name)
        here = _target(relation)
    return Walk(model=here, joins="__".join(joins))


def _relation(model: type[models.Model], name: str) -> Any:
    for field in model._meta.get_fields():
        if field.is_relation and _accessor(field) == name:
            return field
    return None


def _accessor(field: Any) -> str | None:
    if field.auto_created and not field.concrete:
        name: str | None = field.get_accessor_name()
        return name
    return str(field.name)


def _is_forward(field: Any) -> bool:
    return bool(field.concrete and (field.many_to_one or field.one_to_one))


def _target(relation: Any) -> type[models.Model] | None:
    found = getattr(relation, "related_model", None)
    return found if isinstance(found, type) else None


def _names(model: type[models.Model]) -> set[str]:
    names = set()
    for field in model._meta.get_fields():
        names |= {_accessor(field), getattr(field, "attname", None)}
    own = {name for name in vars(model) if not name.startswith("_")}
    return {name for name in names if name} | own


def _unknown(model: type[models.Model], name: str) -> str:
    near = difflib.get_close_matches(name, sorted(_names(model)), n=SUGGESTIONS)
    hint = f" Nearest: {', '.join(near)}." if near else ""
    return f"{model._meta.label} has no {name!r}.{hint}"
