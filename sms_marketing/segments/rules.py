"""What a kind of rule is, and the registry of them: a new kind is one class."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, ClassVar, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import gettext as _

from sms_marketing.core.registry import Registry
from sms_marketing.exceptions import ConfigurationError, InvalidRule
from sms_marketing.models import Brand
from sms_marketing.segments.parameters import Parameter, Text

#: Keys of a rule that no parameter may take.
RESERVED = frozenset({"kind", "op", "all", "any", "not"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """One way to ask, with the values that it takes."""

    key: str
    label: Text
    parameters: tuple[Parameter, ...] = ()


class RuleKind(ABC):
    """One kind of rule: what it is called, what it takes, and its condition.

    Subclass it, give it a key, a label and operators, and put ``@register_rule_kind``
    above it: parser, compiler, sentences, admin form and reference page know it then.
    """

    key: ClassVar[str]
    label: ClassVar[Text]
    help: ClassVar[Text] = ""
    operators: ClassVar[tuple[Operator, ...]]

    @abstractmethod
    def q(self, rule: Rule, context: RuleContext) -> Q:
        """Return a condition on ``Contact`` that is true or false, never NULL (R14).

        It must not join: ask other tables with ``Exists`` or ``pk__in``, so that no
        contact is counted twice.
        """

    @abstractmethod
    def sentence(self, rule: Rule) -> str:
        """Return the rule as people say it, in the language in force."""

    def check(self, rule: Rule) -> None:  # noqa: B027 - most kinds have nothing to add
        """Raise ``rule.fault(...)`` when values do not fit each other."""

    def narrows(self, rule: Rule) -> bool:
        """Return True when it usually leaves a small part of all contacts, cheaply.

        Rules on purchases choose their SQL by it; "small" is below a half or so.
        """
        return False

    def find_operator(self, key: str) -> Operator | None:
        """Return the operator of this key, or None."""
        return next((item for item in self.operators if item.key == key), None)

    def describe(self) -> dict[str, Any]:
        """Return the declaration, safe for JSON; may ask for lists of choices."""
        return {
            "key": self.key,
            "label": str(self.label),
            "help": str(self.help),
            "operators": [
                {
                    "key": operator.key,
                    "label": str(operator.label),
                    "parameters": [item.describe() for item in operator.parameters],
                }
                for operator in self.operators
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One question about a contact, checked; a leaf of the tree."""

    kind: RuleKind
    operator: str
    values: Mapping[str, Any]
    #: Where it stands, as ``all[1].not``; not part of what it means.
    path: str = field(default="", compare=False)

    def get(self, name: str) -> Any:
        """Return a value, or None when an optional one is absent."""
        return self.values.get(name)

    def fault(self, name: str, reason: str) -> InvalidRule:
        """Return the error to raise about one value."""
        return InvalidRule(f"{self.path}.{name}" if self.path else name, reason)


class Brands:
    """The brands, read in one query at the first question, and not at all without."""

    def __init__(self, chosen: Brand | None = None) -> None:
        self._chosen = chosen

    @cached_property
    def chosen(self) -> Brand:
        """The brand that the audience is for; the default one when none is named."""
        if self._chosen is not None:
            return self._chosen
        return next(brand for brand in self._all if brand.is_default)

    @property
    def has_one_currency(self) -> bool:
        """True when amounts of different brands may be added up."""
        return len({brand.currency for brand in self._all}) == 1

    def of(self, rule: Rule) -> Brand:
        """Return the brand that a rule names by its code, else the chosen one."""
        code = rule.get("brand")
        if code is None:
            return self.chosen
        found = next((brand for brand in self._all if brand.code == code), None)
        if found is None:
            known = ", ".join(sorted(brand.code for brand in self._all))
            raise rule.fault(
                "brand",
                _("there is no brand %(code)s; allowed: %(known)s")
                % {"code": repr(code), "known": known},
            )
        return found

    @cached_property
    def _all(self) -> list[Brand]:
        return list(Brand.objects.all())


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleContext:
    """What a rule is compiled for: an instant, a brand's calendar, a place."""

    #: Frozen, so that the same rules name the same contacts all through a launch.
    now: datetime
    brands: Brands = field(default_factory=Brands)
    #: Every member of the audience meets this rule: only "all" stands above it.
    is_required: bool = False
    #: Another required rule leaves few contacts before this one is asked.
    is_narrowed: bool = False

    @property
    def zone(self) -> ZoneInfo:
        """Whose midnight begins a day (R14)."""
        return ZoneInfo(self.brands.chosen.zone)

    @property
    def today(self) -> date:
        """The day of ``now`` in the brand's zone."""
        return self.now.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """Return the first instant of a day in the brand's zone.

        Where a clock change skips midnight this is the instant of the change; where it
        repeats midnight, the first one.
        """
        return datetime.combine(day, time.min, tzinfo=self.zone).astimezone(UTC)

    def days_ago(self, days: int) -> datetime:
        """Return the first instant of the day so many days before today."""
        return self.start_of(self.today - timedelta(days=days))


rule_kinds: Registry[RuleKind] = Registry("rule kind")

KindClass = TypeVar("KindClass", bound=type[RuleKind])


def register_rule_kind(kind: KindClass) -> KindClass:
    """Add a kind of rule; a class decorator. Hosts may add their own.

    Raises ConfigurationError when the declaration contradicts itself.
    """
    for operator in kind.operators:
        names = [item.name for item in operator.parameters]
        if len(set(names)) != len(names) or RESERVED.intersection(names):
            raise ConfigurationError(
                f"Rule kind {kind.key!r}, operator {operator.key!r}: give each "
                f"parameter a name of its own, none of {', '.join(sorted(RESERVED))}."
            )
    keys = [operator.key for operator in kind.operators]
    if not keys or len(set(keys)) != len(keys):
        raise ConfigurationError(
            f"Rule kind {kind.key!r} needs operators, each with a key of its own."
        )
    rule_kinds.add(kind.key, kind())
    return kind


def describe_kinds() -> list[dict[str, Any]]:
    """Return every kind with its operators and parameters, safe for JSON.

    A form can be drawn from it. Asks the database for the brands and fixed lists that
    may be chosen; labels are in the language in force.
    """
    return [kind.describe() for _key, kind in rule_kinds.items()]
