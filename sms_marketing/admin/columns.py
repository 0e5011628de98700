"""Columns and small parts that several screens share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language_info

from sms_marketing import phones

#: Tones of a status; the words carry the meaning, the colour only repeats it.
TONES = {
    "sent": "good",
    "delivered": "good",
    "finished": "good",
    "opted_in": "good",
    "live": "good",
    "queued": "busy",
    "claimed": "busy",
    "launching": "busy",
    "sending": "busy",
    "scheduled": "busy",
    "active": "busy",
    "unconfirmed": "warn",
    "paused": "warn",
    "pending": "warn",
    "undelivered": "bad",
    "failed": "bad",
    "expired": "bad",
    "opted_out": "bad",
    "canceled": "dull",
    "skipped": "dull",
}


def badge(value: str, label: str) -> SafeString:
    """A status as a word on a tinted ground."""
    return format_html(
        '<span class="sms-badge sms-{}">{}</span>', TONES.get(value, "dull"), label
    )


def masked(number: str | None) -> str:
    """A number with its middle hidden."""
    return phones.mask(number) if number else "—"


def may_see_phones(request: HttpRequest) -> bool:
    """Whether this person may see whole numbers."""
    return request.user.has_perm("sms_marketing.view_phone")


def money(amount: Decimal | None, currency: str) -> str:
    """An amount for people: two places, up to four where a part costs so little."""
    if amount is None:
        return "—"
    if not amount or abs(amount) >= Decimal("0.1"):
        return f"{amount:.2f} {currency}"
    whole, _point, cents = f"{amount:.4f}".partition(".")
    return f"{whole}.{cents.rstrip('0'):0<2} {currency}"


def percent(share: float | Decimal) -> str:
    """A share as 12.3 %."""
    return f"{share * 100:.1f} %"


def lines(rows: Iterable[tuple[datetime, str, str]]) -> SafeString:
    """A short history: when, what, and a word more."""
    shown = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td></tr>",
        ((local(at), what, more) for at, what, more in rows),
    )
    if not shown:
        return SafeString("—")
    return format_html('<table class="sms-history">{}</table>', shown)


def local(moment: datetime | None) -> str:
    """A moment in the time zone of the person looking."""
    if moment is None:
        return "—"
    return date_format(localtime(moment), "SHORT_DATETIME_FORMAT")


def language_name(code: str) -> str:
    """A language as people call it; its code where Django does not know it."""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def name_of(user: AbstractBaseUser | AnonymousUser) -> str:
    """What a person is called in records that outlive the account."""
    return str(user)[:150]
