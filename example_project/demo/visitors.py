"""People of the demo: they use the shop by HTTP and their phone at the carrier."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urljoin

T = TypeVar("T")

PHONE_BROWSER = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)
PREVIEW_BOT = "facebookexternalhit/1.1"
TIMEOUT = 20
LINK = re.compile(r"https?://\S+")


class Browser:
    """Keeps cookies, follows redirects, sends forms with their hidden fields."""

    def __init__(self, site: str, *, user_agent: str = PHONE_BROWSER) -> None:
        self.site = site
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        )
        self._opener.addheaders = [
            ("User-Agent", user_agent),
            ("Accept-Language", "lv,en;q=0.8"),
        ]

    def get(self, address: str) -> str:
        """The page; an address of another host is opened as it is."""
        return self._open(urljoin(self.site, address))

    def submit(self, page: str, action: str, **fields: str) -> str:
        """Open the page that holds the form, then send it with these fields."""
        hidden = _hidden_fields(self.get(page))
        data = urlencode({**hidden, **fields}).encode()
        return self._open(urljoin(self.site, action), data)

    def _open(self, address: str, data: bytes | None = None) -> str:
        request = urllib.request.Request(address, data)
        request.add_header("Referer", address)
        with self._opener.open(request, timeout=TIMEOUT) as answer:
            return str(answer.read().decode())


class Shopper:
    """A customer with a number and a browser."""

    def __init__(self, shop: str, *, name: str, phone: str) -> None:
        self.name = name
        self.phone = phone
        self.browser = Browser(shop)

    def fill_cart(self, slug: str) -> None:
        """Put one product into the basket."""
        self.browser.submit(f"/product/{slug}/", f"/cart/add/{slug}/", quantity="1")

    def leave_number(self) -> None:
        """Let the shop keep the basket and remind; the consent box is ticked."""
        self.browser.submit("/cart/", "/cart/keep/", phone=self.phone, consent="on")

    def order(self, *, consent: bool) -> str:
        """Buy what is in the basket; the order's number."""
        fields = {"name": self.name, "phone": self.phone, "city": "Rīga"}
        ticked = {"consent": "on"} if consent else {}
        page = self.browser.submit(
            "/checkout/", "/checkout/", language="lv", **fields, **ticked
        )
        number = re.search(r"VS-[0-9A-Z]{6}", page)
        if number is None:
            raise RuntimeError("the shop did not take the order")
        return number[0]

    def tap(self, text: str) -> None:
        """Open the first link of an SMS."""
        self.browser.get(link_of(text))


class Phones:
    """The carrier's side: what arrived on a phone, and what its owner answers."""

    def __init__(self, carrier: str) -> None:
        self.carrier = carrier

    def texts(self, phone: str) -> list[str]:
        """SMS that arrived on this phone, oldest first."""
        messages = self._json(f"/phones/{quote(phone)}.json")["messages"]
        return [sms["text"] for sms in messages if sms["direction"] == "in"]

    def reply(self, phone: str, text: str) -> None:
        """Answer the sender of the last SMS."""
        data = urlencode({"text": text}).encode()
        address = f"{self.carrier}/phones/{quote(phone)}/reply"
        with urllib.request.urlopen(address, data, TIMEOUT) as answer:
            answer.read()

    def stats(self) -> dict[str, int]:
        """The carrier's counts."""
        return dict(self._json("/stats.json"))

    def _json(self, path: str) -> Any:
        with urllib.request.urlopen(self.carrier + path, timeout=TIMEOUT) as answer:
            return json.load(answer)


def link_of(text: str) -> str:
    """The first address in an SMS."""
    found = LINK.search(text)
    if found is None:
        raise RuntimeError("the SMS has no link")
    return found[0]


def wait_for(
    what: str, look: Callable[[], T | None], *, seconds: float = 30, pause: float = 0.1
) -> T:
    """The first thing that `look` finds; an error that says what did not come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(pause)
    raise RuntimeError(f"{what}: nothing in {seconds:.0f} s")


@contextmanager
def stopwatch() -> Iterator[Callable[[], float]]:
    """Seconds since it was opened."""
    started = time.monotonic()
    yield lambda: time.monotonic() - started


def _hidden_fields(page: str) -> dict[str, str]:
    fields = {}
    for tag in re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page):
        name = re.search(r'name="([^"]*)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and value:
            fields[name[1]] = value[1]
    return fields
