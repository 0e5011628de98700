"""Who acts in the stories: shoppers, staff, the marketer, the carrier, the workers."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.messages import ERROR
from django.db.models import F
from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import reverse
from django.utils.html import strip_tags

from example_project.carrier.options import carrier_options
from example_project.shop.models import Cart, Order, Product
from sms_marketing import providers, tasks
from sms_marketing.core import clock
from sms_marketing.models import (
    Brand,
    Campaign,
    Contact,
    Enrollment,
    Message,
    MessageStatus,
    Segment,
    SendBatch,
    Sender,
)
from sms_marketing.providers import Inbound, Receipt, WebhookRequest
from sms_marketing.providers.locmem import LocmemProvider
from sms_marketing.timing import DAYS
from tests.factories import ALWAYS

PHONE_BROWSER = {
    "User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) "
    "AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
    "Accept-Language": "lv",
}
PREVIEW_BOT = {"User-Agent": "facebookexternalhit/1.1"}
RIGA = ZoneInfo("Europe/Riga")
SECRET = "secret-of-the-carrier-in-the-stories"
LINK = re.compile(r"https://shop\.test/sms(/\S+)")

#: Everything that a web request or a worker does ends with its commit, and what was
#: asked for "after the commit" happens there: by the immediate queue, at once.
committed = TestCase.captureOnCommitCallbacks


class Carrier(LocmemProvider):
    """Keeps what it was given, and calls back with a signature like a real carrier."""

    supports_receipts = True
    supports_inbound = True

    def check_options(self) -> None:
        super().check_options()
        self._callbacks = providers.build(
            "callbacks",
            {
                "BACKEND": "sms_marketing.providers.http.HttpProvider",
                "OPTIONS": carrier_options("http://127.0.0.1:9", SECRET),
            },
        )
        self._ids = count(1)

    def verify(self, request: WebhookRequest) -> None:
        self._callbacks.verify(request)

    def parse_receipts(self, request: WebhookRequest) -> list[Receipt]:
        return self._callbacks.parse_receipts(request)

    def parse_inbound(self, request: WebhookRequest) -> list[Inbound]:
        return self._callbacks.parse_inbound(request)

    def reports(self, message: Message, status: str, **facts: object) -> None:
        """Tell by webhook what became of a message."""
        receipt = {
            "reference": f"{message.pk}-{message.attempt}",
            "id": message.provider_message_id,
            "status": status,
            "at": clock.now().isoformat(),
            **facts,
        }
        self._calls("receipts", {"type": "receipts", "receipts": [receipt]})

    def passes_on(self, text: str, *, sender: str, phone: str) -> None:
        """Hand over by webhook what a person wrote to one of our numbers."""
        reply = {
            "id": f"mo-{next(self._ids)}",
            "from": phone,
            "to": sender,
            "text": text,
            "at": clock.now().isoformat(),
        }
        self._calls("inbound", {"type": "messages", "messages": [reply]})

    def _calls(self, kind: str, data: Mapping[str, object]) -> None:
        body, timestamp = json.dumps(data).encode(), str(int(time.time()))
        signed = timestamp.encode() + b"." + body
        proof = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        with committed(execute=True):
            answer = Client().post(
                f"/sms/webhooks/default/{kind}",
                body,
                content_type="application/json",
                headers={
                    "X-Carrier-Timestamp": timestamp,
                    "X-Carrier-Signature": f"sha256={proof}",
                },
            )
        assert answer.status_code == 200, answer.content


class Shopper:
    """A person with a number, a phone and its browser."""

    def __init__(self, name: str, phone: str, *, language: str = "lv") -> None:
        self.name, self.phone, self.language = name, phone, language
        self.browser = Client(headers=PHONE_BROWSER)
        self._is_read = 0

    @property
    def contact(self) -> Contact:
        return Contact.objects.get(phone=self.phone)

    @property
    def messages(self) -> list[Message]:
        """What we planned for this number, oldest first."""
        return list(Message.objects.filter(to_phone=self.phone).order_by("pk"))

    def puts_in_basket(self, product: Product, *, pieces: int = 1) -> Cart:
        address = reverse("shop:add-to-cart", args=[product.slug])
        with committed(execute=True):
            self.browser.post(address, {"quantity": str(pieces)})
        return Cart.objects.get(pk=self.browser.session["cart"])

    def leaves_number(self) -> None:
        """Lets the shop keep the basket, with the box ticked."""
        with committed(execute=True):
            answer = self.browser.post(
                reverse("shop:keep-cart"),
                {"phone": self.phone, "wording": f"{self.language}-1", "consent": "on"},
            )
        assert answer.status_code == 302, answer.context["form"].errors

    def checks_out(self, *, consent: bool, **typed: str) -> HttpResponse:
        """Sends the form of the checkout."""
        form = {
            "name": self.name,
            "phone": self.phone,
            "city": "Rīga",
            "language": self.language,
            "wording": f"{self.language}-1",
            **({"consent": "on"} if consent else {}),
            **typed,
        }
        with committed(execute=True):
            return self.browser.post(reverse("shop:checkout"), form)

    def buys(
        self, product: Product, *, pieces: int = 1, consent: bool = False
    ) -> Order:
        self.puts_in_basket(product, pieces=pieces)
        return self.orders(consent=consent)

    def orders(self, *, consent: bool = False) -> Order:
        """Buys what lies in the basket."""
        answer = self.checks_out(consent=consent)
        assert answer.status_code == 302, answer.context["form"].errors
        return Order.objects.filter(phone=self.phone).latest("pk")

    def reads(self) -> list[str]:
        """The SMS that came since the last look."""
        carrier = providers.get_provider("default")
        texts = [sms.text for sms in carrier.outbox if sms.to == self.phone]
        fresh, self._is_read = texts[self._is_read :], len(texts)
        return fresh

    def taps(self, text: str) -> HttpResponse:
        """Opens the link in an SMS; the answer tells where it leads."""
        with committed(execute=True):
            return self.browser.get(link_in(text))

    def answers(self, text: str, *, to: str) -> None:
        """Writes back to the number from which an SMS came."""
        providers.get_provider("default").passes_on(text, sender=to, phone=self.phone)


class Staff:
    """Somebody of the shop, in its admin."""

    def __init__(self) -> None:
        user = get_user_model().objects.create_superuser("ieva", password="x")
        self.browser = Client()
        self.browser.force_login(user)

    def marks_paid(self, order: Order) -> None:
        self._acts("order", "mark_paid", order)

    def marks_shipped(self, order: Order) -> None:
        self._acts("order", "mark_shipped", order)

    def marks_delivered(self, order: Order) -> None:
        self._acts("order", "mark_delivered", order)

    def cancels(self, order: Order) -> None:
        self._acts("order", "cancel", order)

    def gives_back(self, order: Order, amount: str) -> None:
        self._acts("order", "refund_part", order, amount=amount)

    def gives_up(self, cart: Cart) -> None:
        self._acts("cart", "give_up", cart)

    def _acts(self, model: str, action: str, row: Any, **more: str) -> None:
        with committed(execute=True):
            answer = self.browser.post(
                reverse(f"admin:shop_{model}_changelist"),
                {"action": action, "_selected_action": str(row.pk), **more},
            )
        assert answer.status_code == 302
        row.refresh_from_db()


class Marketer:
    """Somebody who may write and send campaigns, in the library's admin."""

    def __init__(self) -> None:
        user = get_user_model().objects.create_user("maija", is_staff=True)
        for model in ("segment", "campaign"):
            codes = [f"{act}_{model}" for act in ("view", "add", "change")]
            found = Permission.objects.filter(codename__in=[*codes, "send_campaign"])
            user.user_permissions.add(*found)
        self.browser = Client()
        self.browser.force_login(user)

    def describes(self, name: str, rules: Mapping[str, Any]) -> Segment:
        """Makes a segment."""
        self._sends("segment_add", name=name, kind="dynamic", rules=json.dumps(rules))
        return Segment.objects.latest("pk")

    def writes(
        self,
        name: str,
        texts: Mapping[str, str],
        *,
        to: Segment,
        by: Sender,
        **over: str,
    ) -> Campaign:
        """Makes a campaign, to be sent at once unless told otherwise."""
        fields: dict[str, Any] = {
            f"text_{language}": text for language, text in texts.items()
        }
        fields |= {
            "name": name,
            "brand": by.brand_id,
            "sender": by.pk,
            "segments": [to.pk],
            "schedule": "now",
            "late_policy": "next_day",
            "encoding_policy": "punctuation",
            "holdout_percent": "0",
        }
        self._sends("campaign_add", **{**fields, **over})
        return Campaign.objects.latest("pk")

    def tries(self, campaign: Campaign, *, phone: str) -> None:
        self._sends("campaign_test", campaign.pk, phone=phone)

    def launches(self, campaign: Campaign) -> None:
        self._sends("campaign_launch", campaign.pk)

    def schedules(self, campaign: Campaign) -> None:
        self._sends("campaign_schedule", campaign.pk)

    def pauses(self, campaign: Campaign) -> None:
        self._sends("campaign_pause", campaign.pk)

    def sees(self, page: str, campaign: Campaign) -> str:
        """A page of a campaign, as text."""
        url = reverse(f"admin:sms_marketing_campaign_{page}", args=[campaign.pk])
        answer = self.browser.get(url)
        assert answer.status_code == 200
        return " ".join(strip_tags(answer.content.decode()).split())

    def _sends(self, page: str, *args: object, **fields: Any) -> None:
        with committed(execute=True):
            answer = self.browser.post(
                reverse(f"admin:sms_marketing_{page}", args=args), fields, follow=True
            )
        assert answer.redirect_chain, answer.context["errors"]
        said = answer.context["messages"]
        assert all(message.level < ERROR for message in said), list(map(str, said))


def link_in(text: str) -> str:
    """The path of the short link in an SMS."""
    found = LINK.search(text)
    assert found, text
    return "/sms" + found[1]


def workers_look() -> None:
    """The tick finds whatever is due, and what it causes is done as well."""
    with committed(execute=True):
        tasks.tick()


def time_passes(**span: float) -> None:
    """Everything that waits is due so much earlier; then the workers look."""
    passed = timedelta(**span)
    SendBatch.objects.update(lease_until=F("lease_until") - passed)
    Enrollment.objects.filter(due_at__isnull=False).update(
        due_at=F("due_at") - passed, entered_at=F("entered_at") - passed
    )
    Message.objects.filter(status=MessageStatus.QUEUED).update(
        due_at=F("due_at") - passed
    )
    workers_look()


def opens_tomorrow_only(brand: Brand) -> datetime:
    """Hours of one day a week; returns the instant at which they open next."""
    tomorrow = clock.now().astimezone(RIGA) + timedelta(days=1)
    weekday = DAYS[tomorrow.weekday()]
    brand.hours = {**dict.fromkeys(DAYS), weekday: ["10:00", "18:00"]}
    brand.save()
    return tomorrow.replace(hour=10, minute=0, second=0, microsecond=0)


def is_open_all_day(brand: Brand) -> None:
    brand.hours = ALWAYS
    brand.save()


@contextmanager
def nobody_works() -> Iterator[None]:
    """What is asked of workers within is lost, as when none of them runs."""
    with committed(execute=False):
        yield


@contextmanager
def whenever(signal: Any, act: Callable[[], object]) -> Iterator[None]:
    """Do something each time that a signal is sent."""

    def receive(**facts: object) -> None:
        act()

    signal.connect(receive)
    yield
    signal.disconnect(receive)
