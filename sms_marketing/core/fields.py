"""Columns that mean the same on PostgreSQL, MariaDB and SQLite."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.deletion import Collector
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    # Django's fields are generic for the type checker only; the plugin reads from the
    # two type variables whether a column may be NULL.
    from typing_extensions import TypeVar

    _Set = TypeVar("_Set", contravariant=True, default=Any)
    _Get = TypeVar("_Get", covariant=True, default=Any)

    class _MoneyBase(models.Field[_Set, _Get]):
        _pyi_private_set_type: Decimal | int | str
        _pyi_private_get_type: Decimal
        _pyi_lookup_exact_type: Decimal | int | str

    class _KeyBase(models.CharField[_Set, _Get]): ...

else:

    class _Subscriptable:
        def __class_getitem__(cls, item: object) -> type:
            return cls

    class _MoneyBase(_Subscriptable, models.Field):
        pass

    class _KeyBase(_Subscriptable, models.CharField):
        pass

    _Set = _Get = None

#: Amounts are stored as whole millionths: 0.0375 EUR a part is 37 500.
MONEY_SCALE = 6

#: SQLite compares bytes by itself, PostgreSQL sorts by language, MySQL and MariaDB
#: compare without case. Not their ``utf8mb4_bin``: there "a" = "a " and a key with a
#: space behind it takes the place of another.
EXACT_COLLATIONS = {
    "postgresql": "C",
    "mariadb": "utf8mb4_nopad_bin",
    "mysql": "utf8mb4_0900_bin",
}


def exact_collation(connection: BaseDatabaseWrapper) -> str | None:
    """Name the collation that compares byte for byte (R14); None: it does by itself."""
    is_mariadb = getattr(connection, "mysql_is_mariadb", False)
    return EXACT_COLLATIONS.get("mariadb" if is_mariadb else connection.vendor)


def cascade(collector: Collector, field: Any, sub_objs: Any, using: str) -> None:
    """Delete the rows as well, as ``CASCADE``, but never blank their reference first.

    Django does so on MariaDB and MySQL where the reference may be NULL, and a check
    constraint that wants one of two references refuses it.
    """
    collector.collect(
        sub_objs,
        source=field.remote_field.model,
        source_attr=field.name,
        nullable=False,
        fail_on_restricted=False,
    )


class MoneyField(_MoneyBase[_Set, _Get]):
    """A Decimal kept as whole millionths in a BIGINT, so that sums are exact (R12).

    SQLite keeps DECIMAL as REAL: there ``10 × 0.10 >= 1.00`` is false.
    Values go up to ±9.2 × 10¹² units of currency.
    """

    description = _("An amount of money, exact to a millionth")
    empty_strings_allowed = False

    def get_internal_type(self) -> str:
        return "BigIntegerField"

    def from_db_value(
        self, value: int | Decimal | None, expression: object, connection: object
    ) -> Decimal | None:
        if value is None:
            return None
        return Decimal(value).scaleb(-MONEY_SCALE)

    def to_python(self, value: Any) -> Decimal | None:
        if value is None or value == "":
            return None
        try:
            amount = Decimal(value if isinstance(value, Decimal | int) else str(value))
        except InvalidOperation:
            amount = Decimal("NaN")
        if not amount.is_finite():
            raise ValidationError(_("Enter an amount such as 12.50."), code="invalid")
        return amount

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        if value is None or hasattr(value, "resolve_expression"):
            return value
        amount = self.to_python(value)
        if amount is None:
            return None
        return int(amount.scaleb(MONEY_SCALE).to_integral_value(ROUND_HALF_EVEN))

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        defaults = {"form_class": forms.DecimalField, "max_digits": 18}
        return super().formfield(**{**defaults, **kwargs})


class KeyField(_KeyBase[_Set, _Get]):
    """Text that is compared byte for byte: keys, references, normalised words (R14)."""

    description = _("An exact key of up to %(max_length)s characters")

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = dict(super().db_parameters(connection))
        parameters["collation"] = exact_collation(connection)
        return parameters
