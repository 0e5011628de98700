"""Visits of a link: machines are told from people by the signals of our table."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sms_marketing import events, signals
from sms_marketing.core import clock
from sms_marketing.events import Visit, bot_reason
from sms_marketing.models import Click, Link, MessageStatus, VariantBody
from tests import factories

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/124.0.0.0 Mobile Safari/537.36"
)
CUBOT = (
    "Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/80.0.3987.119 Mobile Safari/537.36"
)
FIREFOX = (
    "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
)
IN_APP = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 "
    "Mobile/15E148 [FBAN/FBIOS;FBAV/459.0;FBDV/iPhone15,2]"
)
SAMSUNG_BROWSER = (
    "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-A536B) AppleWebKit/537.36 "
    "(KHTML, like Gecko) SamsungBrowser/24.0 Chrome/117.0.0.0 Mobile Safari/537.36"
)

BOTS = {
    # Apple's Messages, from the phone itself.
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like "
    "Gecko) Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot "
    "Twitterbot/1.0": "known_bot",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/92 Safari/537.36 "
    "Google-PageRenderer Google (+https://developers.google.com)": "known_bot",
    "Mozilla/5.0 (compatible; Google-Messages-Preview)": "known_bot",
    "Mozilla/5.0 (X11; Ubuntu; Linux i686; rv:24.0) Gecko/20100101 Firefox/24.0": (
        "samsung_preview"
    ),
    "Dalvik/2.1.0 (Linux; U; Android 13; Pixel 7)": "android_program",
    "Java/1.8.0_181": "android_program",
    "okhttp/4.9.3": "android_program",
    "WhatsApp/2.23.20.0 A": "known_bot",
    "TelegramBot (like TwitterBot)": "known_bot",
    "Viber/13.3.0": "known_bot",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)": "known_bot",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5": "known_bot",
    "Mozilla/5.0 (compatible; MSTeams/1.0)": "known_bot",
    "meta-externalagent/1.1 (+https://developers.facebook.com/docs)": "known_bot",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": (
        "known_bot"
    ),
    "Mozilla/5.0 (compatible; bingbot/2.0)": "known_bot",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)": "known_bot",
    "BarracudaCentral/1.0": "known_bot",
    "Expanse, a Palo Alto Networks company, searches across the global IPv4 space": (
        "known_bot"
    ),
    "Mozilla/5.0 Mimecast": "known_bot",
    "Mozilla/5.0 (X11; Linux x86_64) HeadlessChrome/119.0.0.0 Safari/537.36": (
        "known_bot"
    ),
    "curl/8.4.0": "known_bot",
    "python-requests/2.31.0": "known_bot",
    "Go-http-client/2.0": "known_bot",
    "Baiduspider/2.0": "known_bot",
    "": "no_user_agent",
    "   ": "no_user_agent",
}
HUMANS = [IPHONE, CHROME, CUBOT, FIREFOX, IN_APP, SAMSUNG_BROWSER]


def visit(agent: str, *, seconds: float | None = 60, method="GET", **headers) -> Visit:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Visit(
        method=method,
        headers={"User-Agent": agent, **names},
        since_sent=None if seconds is None else timedelta(seconds=seconds),
    )


@pytest.mark.parametrize(("agent", "reason"), BOTS.items(), ids=str)
def test_machines_are_known_by_their_name(agent: str, reason: str) -> None:
    found = visit(agent, Accept_Language="lv")

    assert bot_reason(found) == reason


@pytest.mark.parametrize("agent", HUMANS)
def test_people_are_not_taken_for_machines(agent: str) -> None:
    assert bot_reason(visit(agent)) == ""
    assert bot_reason(visit(agent, seconds=0.5, Accept_Language="lv")) == ""


@pytest.mark.parametrize("agent", HUMANS)
def test_who_is_there_before_anybody_could_read_and_has_no_language_is_a_machine(
    agent: str,
) -> None:
    assert bot_reason(visit(agent, seconds=1.9)) == "too_fast"
    assert bot_reason(visit(agent, seconds=None)) == "too_fast"
    assert bot_reason(visit(agent, seconds=2.0)) == ""


@pytest.mark.parametrize("method", ["HEAD", "head"])
def test_asking_for_the_head_only_is_a_machine(method: str) -> None:
    assert bot_reason(visit(IPHONE, method=method, Accept_Language="en")) == "head"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec_Purpose", "prefetch;prerender"),
        ("Purpose", "prefetch"),
        ("X_Moz", "prefetch"),
        ("X_Purpose", "preview"),
        ("sec_purpose", "Prefetch"),
    ],
)
def test_a_prefetch_is_a_machine(name: str, value: str) -> None:
    assert bot_reason(visit(CHROME, **{name: value})) == "prefetch"


def test_a_purpose_of_another_kind_is_not() -> None:
    assert bot_reason(visit(CHROME, Purpose="navigate")) == ""


@pytest.fixture
def message(contact, sender):
    return factories.make_message(
        contact=contact,
        sender=sender,
        status=MessageStatus.SENT,
        sent_at=clock.now() - timedelta(minutes=1),
    )


@pytest.mark.django_db
def test_every_visit_is_kept_and_told(message, campaign) -> None:
    body = VariantBody.objects.get(variant__campaign__isnull=False)
    link = Link.objects.create(body=body, position=0, url="https://vst.lv/")
    heard: list[Click] = []

    def listen(*, click: Click, **facts: object) -> None:
        heard.append(click)

    signals.link_clicked.connect(listen)
    try:
        human = events.record_click(
            message=message,
            link=link,
            headers={"User-Agent": IPHONE + "x" * 400},
            ip="2001:db8::1",
        )
        bot = events.record_click(
            message=message, link=None, user_agent="curl/8", ip="forged, 1.2.3.4"
        )
    finally:
        signals.link_clicked.disconnect(listen)

    assert heard == [human, bot]
    human.refresh_from_db()
    assert (human.is_bot, human.bot_reason, human.ip) == (False, "", "2001:db8::1")
    assert len(human.user_agent) == 300
    assert human.contact == message.contact
    assert (bot.is_bot, bot.bot_reason, bot.ip) == (True, "known_bot", None)


@pytest.mark.django_db
def test_a_visit_before_the_message_is_known_to_have_left(contact, sender) -> None:
    queued = factories.make_message(contact=contact, sender=sender)

    click = events.record_click(message=queued, link=None, user_agent=IPHONE)

    assert click.bot_reason == "too_fast"
    assert click.ip is None
