"""Small pieces of the sentences in which rules are told."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def quoted(word: str) -> str:
    """Return a word between the quotation marks of the language."""
    return _("“%(word)s”") % {"word": word}


def either(words: Iterable[str]) -> str:
    """Return quoted words as a list of alternatives."""
    *others, last = [quoted(word) for word in words]
    if not others:
        return last
    return _("%(others)s or %(last)s") % {"others": ", ".join(others), "last": last}


def money(amount: Decimal) -> str:
    """Return an amount with at least two decimals, as the language writes it."""
    exact = max(2, -int(amount.normalize().as_tuple().exponent))
    return number_format(amount, decimal_pos=exact)
