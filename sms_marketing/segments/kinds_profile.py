"""Rules on what is known of a contact: place, language, age."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sms_marketing.contacts import key_of
from sms_marketing.segments import phrases
from sms_marketing.segments.parameters import (
    IntegerParameter,
    TextListParameter,
    TextParameter,
)
from sms_marketing.segments.rules import (
    Operator,
    Rule,
    RuleContext,
    RuleKind,
    register_rule_kind,
)

OLDEST = 150
#: So many cities, or so many years of age, leave at most about half of the contacts.
FEW_CITIES = 10
FEW_YEARS = 25


def clean_country(code: str) -> str:
    """Return a country code as ``Contact.country`` keeps it."""
    return code.upper()


def clean_language(code: str) -> str:
    """Return a language code as ``Contact.language`` keeps it."""
    return code.lower().replace("_", "-")


def _operators(
    one: TextParameter, many: TextListParameter
) -> tuple[Operator, Operator, Operator]:
    return (
        Operator(key="is", label=_("is"), parameters=(one,)),
        Operator(key="is_not", label=_("is known and is not"), parameters=(one,)),
        Operator(key="in", label=_("is one of"), parameters=(many,)),
    )


class _ColumnKind(RuleKind):
    """One text column; "" is "not known", for which every operator is false (R14)."""

    column: ClassVar[str]

    def q(self, rule: Rule, context: RuleContext) -> Q:
        if rule.operator == "in":
            return Q(**{f"{self.column}__in": self.stored(*rule.get("value"))})
        (word,) = self.stored(rule.get("value"))
        if rule.operator == "is":
            return Q(**{self.column: word})
        return ~Q(**{f"{self.column}__in": [word, ""]})

    def stored(self, *words: str) -> list[str]:
        return list(words)

    def sentence(self, rule: Rule) -> str:
        facts = {"what": self.label}
        match rule.operator:
            case "in":
                facts["words"] = phrases.either(rule.get("value"))
                return gettext("the %(what)s is %(words)s") % facts
            case "is":
                facts["word"] = phrases.quoted(rule.get("value"))
                return gettext("the %(what)s is %(word)s") % facts
        facts["word"] = phrases.quoted(rule.get("value"))
        return gettext("the %(what)s is known and is not %(word)s") % facts


@register_rule_kind
class CityKind(_ColumnKind):
    """Compared without case and spaces, with accents: Rīga is not Riga."""

    key = "city"
    label = _("city")
    help = _("Letter case and spaces do not matter; accents do: Rīga is not Riga.")
    column = "city_key"
    operators = _operators(
        TextParameter(name="value", label=_("city"), example="Rīga"),
        TextListParameter(name="value", label=_("cities"), example="Rīga"),
    )

    def narrows(self, rule: Rule) -> bool:
        if rule.operator == "in":
            return len(rule.get("value")) <= FEW_CITIES
        return rule.operator == "is"

    def stored(self, *words: str) -> list[str]:
        return [key_of(word) for word in words]


@register_rule_kind
class CountryKind(_ColumnKind):
    """Two letters; most contacts of a shop share one, so it narrows nothing."""

    key = "country"
    label = _("country")
    help = _("The two letters of ISO 3166, as LV.")
    column = "country"
    operators = _operators(
        TextParameter(
            name="value",
            label=_("country"),
            clean=clean_country,
            pattern="[A-Z]{2}",
            example="LV",
        ),
        TextListParameter(
            name="value",
            label=_("countries"),
            clean=clean_country,
            pattern="[A-Z]{2}",
            example="LV",
        ),
    )


@register_rule_kind
class LanguageKind(_ColumnKind):
    """The whole code: ``en`` does not find ``en-gb``."""

    key = "language"
    label = _("language")
    help = _("The code as it is kept with the contact, as lv; en is not en-gb.")
    column = "language"
    operators = _operators(
        TextParameter(
            name="value",
            label=_("language"),
            clean=clean_language,
            pattern="[a-z]{2,3}(-[a-z0-9]{1,8})*",
            example="lv",
        ),
        TextListParameter(
            name="value",
            label=_("languages"),
            clean=clean_language,
            pattern="[a-z]{2,3}(-[a-z0-9]{1,8})*",
            example="lv",
        ),
    )


@register_rule_kind
class AgeKind(RuleKind):
    """Whole years on today's date in the brand's zone.

    Who was born on 29 February grows older on 1 March in a common year, so that nobody
    is taken for older than they are. A birth date that is still to come is not known.
    """

    key = "age"
    label = _("age")
    help = _(
        "Whole years, today where the brand is. False when the birth date is not known."
    )
    operators = (
        Operator(
            key="between",
            label=_("is between"),
            parameters=(
                IntegerParameter(name="from", label=_("from"), maximum=OLDEST),
                IntegerParameter(
                    name="to", label=_("to"), help=_("Included."), maximum=OLDEST
                ),
            ),
        ),
        Operator(
            key="at_least",
            label=_("is at least"),
            parameters=(
                IntegerParameter(name="value", label=_("years"), maximum=OLDEST),
            ),
        ),
        Operator(
            key="at_most",
            label=_("is at most"),
            parameters=(
                IntegerParameter(name="value", label=_("years"), maximum=OLDEST),
            ),
        ),
    )

    def narrows(self, rule: Rule) -> bool:
        if rule.operator != "between":
            return False
        return bool(rule.get("to") - rule.get("from") <= FEW_YEARS)

    def check(self, rule: Rule) -> None:
        if rule.operator == "between" and rule.get("from") > rule.get("to"):
            raise rule.fault("to", gettext("must not be below “from”"))

    def q(self, rule: Rule, context: RuleContext) -> Q:
        today = context.today
        # Says "known" itself: NULL <= x is NULL, and NOT NULL is NULL again.
        known = Q(birth_date__isnull=False)
        match rule.operator:
            case "at_least":
                latest = years_before(today, rule.get("value"))
                return known & Q(birth_date__lte=latest)
            case "at_most":
                youngest, oldest = today, rule.get("value")
            case _:
                youngest = years_before(today, rule.get("from"))
                oldest = rule.get("to")
        after = years_before(today, oldest + 1)
        return known & Q(birth_date__lte=youngest, birth_date__gt=after)

    def sentence(self, rule: Rule) -> str:
        if rule.operator == "between":
            years = {"from": rule.get("from"), "to": rule.get("to")}
            return gettext("the age is between %(from)s and %(to)s") % years
        years = {"years": rule.get("value")}
        if rule.operator == "at_least":
            return (
                ngettext(
                    "the age is at least %(years)s year",
                    "the age is at least %(years)s years",
                    years["years"],
                )
                % years
            )
        return (
            ngettext(
                "the age is at most %(years)s year",
                "the age is at most %(years)s years",
                years["years"],
            )
            % years
        )


def years_before(day: date, years: int) -> date:
    """Return the latest birth date of somebody who is so many years old on a day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        # 29 February, asked in a common year: born on the 28th is old enough.
        return day.replace(year=day.year - years, day=28)
