"""The pages of the virtual phones: plain HTML, texts escaped, links to be tapped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from urllib.parse import quote

from example_project.carrier.book import Sms

# Phones make links of bare addresses with a path too: "127.0.0.1:8000/s/aB3".
_LINK = re.compile(
    r"(?:https?://|(?<![\w@./-])(?:localhost|\d{1,3}(?:\.\d{1,3}){3}"
    r"|(?:[a-z0-9-]+\.)+[a-z]{2,})(?::\d+)?/)[^\s<>\"']+",
    re.IGNORECASE,
)
_AFTER_LINK = ".,;:!?)»”"


def phones_page(phones: Sequence[Sequence[Sms]], *, total: int, wanted: str) -> str:
    """The list of phones, each with its last message."""
    rows = "".join(_phone_row(thread) for thread in phones)
    listed = f'<ul class="phones">{rows}</ul>' if rows else _EMPTY_LIST
    shown = f"{len(phones)} of {total}" if len(phones) < total else str(total)
    return _page(
        "Virtual phones",
        f"""
<header class="bar"><h1>Virtual phones</h1><span class="count">{shown}</span></header>
<form class="search" action="/" role="search">
  <label class="hidden" for="q">Find a number</label>
  <input id="q" name="q" type="search" value="{escape(wanted)}" autocomplete="off"
    placeholder="Find a number">
</form>
<main id="live">{listed}</main>""",
        body_class="list",
    )


def phone_page(
    number: str, thread: Sequence[Sms], *, answers_to: str, notice: str = ""
) -> str:
    """One phone: its messages as bubbles, and a line to answer on."""
    bubbles = "".join(_bubble(sms) for sms in thread if sms.is_shown)
    shown = bubbles or '<li class="none">No messages yet.</li>'
    return _page(
        number,
        f"""
<div class="phone">
  <header class="bar">
    <a class="back" href="/" aria-label="All phones">‹</a>
    <h1>{escape(number)}</h1>
  </header>
  <main id="live"><ol class="thread" aria-live="polite">{shown}</ol></main>
  {_answer_form(number, answers_to, notice)}
</div>""",
        body_class="one",
    )


def message_page(title: str, text: str) -> str:
    """A page that says one thing."""
    return _page(
        title, f"<main><h1>{escape(title)}</h1><p>{escape(text)}</p></main>", "list"
    )


def linked(text: str) -> str:
    """Escaped text with its links to be tapped."""
    pieces, end = [], 0
    for found in _LINK.finditer(text):
        url = found[0].rstrip(_AFTER_LINK)
        target = url if "://" in url else f"http://{url}"
        pieces.append(escape(text[end : found.start()]))
        pieces.append(
            f'<a href="{escape(target)}" target="_blank"'
            f' rel="noopener noreferrer">{escape(url)}</a>'
        )
        end = found.start() + len(url)
    pieces.append(escape(text[end:]))
    return "".join(pieces)


def _phone_row(thread: Sequence[Sms]) -> str:
    shown: Iterable[Sms] = (sms for sms in reversed(thread) if sms.is_shown)
    last = next(iter(shown), None)
    number = thread[-1].phone
    text = "" if last is None else last.text
    return f"""
<li><a href="/phones/{quote(number)}">
  <span class="face" aria-hidden="true">{escape(number[-2:])}</span>
  <span class="who">{escape(number)}</span>
  <time>{_clock(thread[-1].at)}</time>
  <span class="last">{escape(text)}</span>
</a></li>"""


def _bubble(sms: Sms) -> str:
    side = "mine" if sms.is_outgoing else "theirs"
    who = "" if sms.is_outgoing else f'<span class="peer">{escape(sms.peer)}</span>'
    parts = f" · {sms.parts} parts" if sms.parts > 1 else ""
    return f"""
<li class="{side}">{who}<p class="bubble">{linked(sms.text)}</p>
<span class="meta"><time>{_clock(sms.at)}</time>{parts}</span></li>"""


def _answer_form(number: str, answers_to: str, notice: str) -> str:
    warning = ""
    if notice:
        said = _NOTICES.get(notice, "This answer was not taken.")
        warning = f'<p class="notice" role="alert">{escape(said)}</p>'
    if not answers_to:
        return f'{warning}<p class="notice">{_ONE_WAY}</p>'
    return f"""{warning}
<form class="answer" method="post" action="/phones/{quote(number)}/reply">
  <label class="hidden" for="text">Answer to {escape(answers_to)}</label>
  <input id="text" name="text" maxlength="1600" required autocomplete="off"
    placeholder="Answer to {escape(answers_to)}">
  <button aria-label="Send">➤</button>
</form>"""


def _clock(at: str) -> str:
    moment = datetime.fromisoformat(at).astimezone()
    return f"{moment:%H:%M}"


def _page(title: str, content: str, body_class: str) -> str:
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<link rel="icon" href="/static/icon.svg">
<link rel="stylesheet" href="/static/carrier.css">
<script src="/static/carrier.js" defer></script>
</head>
<body class="{body_class}">{content}
</body>
</html>
"""


_ONE_WAY = (
    "Only a number can be answered. A sender that is a name is one-way: to stop it, "
    "open the link in its message."
)
_NOTICES = {
    "malformed": "Write a text of 1 to 1600 characters.",
    "nobody_to_answer": "There is no number here that an answer could go to.",
}
_EMPTY_LIST = """<p class="none">Nobody has a message yet. A phone appears here as soon
as something is sent to its number.</p>"""
