"""A short link was opened: every visit is kept, machines are marked as such."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import router

from sms_marketing import contacts, signals
from sms_marketing.core import clock
from sms_marketing.models import Click, Link, Message

#: Scanners open a link within 1.5 s of delivery (compliance §1.8); people read first.
TOO_FAST = timedelta(seconds=2)
#: What Samsung's message app says it is when it draws a preview; no browser of today.
SAMSUNG_PREVIEW = (
    "Mozilla/5.0 (X11; Ubuntu; Linux i686; rv:24.0) Gecko/20100101 Firefox/24.0"
)
PREFETCH_HEADERS = {
    "sec-purpose": "prefetch",
    "purpose": "prefetch",
    "x-moz": "prefetch",
    "x-purpose": "preview",
}
# Names by which previews, crawlers, scanners and programs call themselves. CUBOT is a
# make of phones.
KNOWN_BOTS = re.compile(
    r"""
    (?<!cu)bot\b | crawl | spider | slurp | facebookexternalhit | meta-external
    | google-pagerenderer | \bpreview | urlpreview | skypeuri | whatsapp | viber
    | msteams | microsoft\ teams | snapchat | embedly | mediapartners
    | barracuda | mimecast | proofpoint | expanse | paloalto | urlscan | virustotal
    | headless | phantomjs | lighthouse | curl/ | wget/ | python | aiohttp | httpx
    | go-http-client | libwww | apache-httpclient | axios | node-fetch | postman
    """,
    re.IGNORECASE | re.VERBOSE,
)
ANDROID_PROGRAMS = re.compile(r"dalvik/|\bjava/|okhttp", re.IGNORECASE)
USER_AGENT_LENGTH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """The facts of one request for a link."""

    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    #: Since the message left; None: not known to have left yet.
    since_sent: timedelta | None = None

    def header(self, name: str) -> str:
        """The value of a header, whatever its case; "" if it is absent."""
        return next(
            (value for key, value in self.headers.items() if key.lower() == name), ""
        )


def bot_reason(visit: Visit) -> str:
    """Return why a visit is taken for a machine's; "" for a person's."""
    agent = visit.header("user-agent").strip()
    if visit.method.upper() == "HEAD":
        return "head"
    if any(
        word in visit.header(name).lower() for name, word in PREFETCH_HEADERS.items()
    ):
        return "prefetch"
    if not agent:
        return "no_user_agent"
    if agent == SAMSUNG_PREVIEW:
        return "samsung_preview"
    if ANDROID_PROGRAMS.search(agent):
        return "android_program"
    if KNOWN_BOTS.search(agent):
        return "known_bot"
    if _is_too_fast(visit) and not visit.header("accept-language"):
        return "too_fast"
    return ""


def record_click(
    *,
    message: Message,
    link: Link | None,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    user_agent: str = "",
    ip: str | None = None,
    at: datetime | None = None,
) -> Click:
    """Keep one visit of a link and tell ``link_clicked``; bots are kept too, marked.

    The user agent is taken from the headers unless it is given.
    """
    using = router.db_for_write(Click)
    at = at or clock.now()
    facts = {**(headers or {}), **({"User-Agent": user_agent} if user_agent else {})}
    arrived = message.delivered_at or message.sent_at
    visit = Visit(
        method=method, headers=facts, since_sent=at - arrived if arrived else None
    )
    reason = bot_reason(visit)
    click = Click.objects.using(using).create(
        message=message,
        link=link,
        contact_id=message.contact_id,
        clicked_at=at,
        is_bot=bool(reason),
        bot_reason=reason,
        user_agent=_storable(visit.header("user-agent")),
        ip=_address(ip),
    )
    contacts.announce(signals.link_clicked, using=using, sender=Click, click=click)
    return click


def _is_too_fast(visit: Visit) -> bool:
    return visit.since_sent is None or visit.since_sent < TOO_FAST


def _storable(text: str) -> str:
    return text.replace("\x00", "")[:USER_AGENT_LENGTH]


def _address(ip: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address(ip)) if ip else None
    except ValueError:
        return None
