"""The main job, act by act: an order, a cart, a campaign, and what people answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from example_project.demo.scene import IDLE_SECONDS, Scene
from example_project.demo.screen import Screen
from example_project.demo.visitors import (
    PREVIEW_BOT,
    Browser,
    Phones,
    Shopper,
    link_of,
    stopwatch,
    wait_for,
)
from example_project.shop.models import Order, OrderStatus
from sms_marketing import campaigns
from sms_marketing.core.queue import nudge
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    InboundMessage,
    Message,
    MessageStatus,
    ReceiptRecord,
)

#: How many people do what after the campaign.
TAP, BUY, STOP_BY_SMS = 60, 8, 5
BUYER, IDLER, FAST_IDLER = "+37128000100", "+37128000201", "+37128000302"


@dataclass(slots=True)
class Deeds:
    """What the people of the story did, as they know it themselves."""

    orders: list[str] = field(default_factory=list)
    tapped: set[str] = field(default_factory=set)
    bought: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)


class Story:
    """Plays the acts in order; each ends when its last SMS has arrived."""

    def __init__(self, scene: Scene, *, shop: str, carrier: str, screen: Screen):
        self.scene = scene
        self.shop = shop
        self.phones = Phones(carrier)
        self.screen = screen
        self.deeds = Deeds()

    def play(self) -> Deeds:
        """All acts; what was done in them."""
        self.somebody_orders()
        self.somebody_leaves_a_cart()
        self.the_campaign_goes_out()
        self.people_tap_buy_and_stop()
        self.the_next_campaign_leaves_them_alone()
        self.all_receipts_arrive()
        return self.deeds

    def somebody_orders(self) -> None:
        """An order placed on the web, then shipped by staff."""
        self.screen.act("A customer orders; the shop's staff ships it")
        shopper = self._shopper("Liene Ozola", BUYER)
        shopper.fill_cart(self._slug(0))
        with stopwatch() as passed:
            number = shopper.order(consent=True)
            text = self._next_text(BUYER, known=0)
            self.screen.say(f"order {number}: SMS after {passed():.2f} s")
        self.screen.say(f"“{text}”")
        order = Order.objects.get(number=number)
        order.move_to(OrderStatus.PAID)
        order.move_to(OrderStatus.SHIPPED)
        self.screen.say(f"“{self._next_text(BUYER, known=1)}”")

    def somebody_leaves_a_cart(self) -> None:
        """One cart lies idle and is reminded of; another one is bought in time."""
        self.screen.act(f"Two carts are left; one is bought within {IDLE_SECONDS} s")
        idler = self._shopper("Māris Kalniņš", IDLER)
        fast = self._shopper("Zane Liepa", FAST_IDLER)
        for shopper in (idler, fast):
            shopper.fill_cart(self._slug(1))
            shopper.leave_number()
        fast.order(consent=True)
        text = self._next_text(IDLER, known=0)
        self.screen.say(f"“{text}”")
        idler.tap(text)
        self.screen.say("the other one got the order's SMS and no reminder")

    def the_campaign_goes_out(self) -> None:
        """Launch, then watch it until the last message has been handed over."""
        campaign = self.scene.campaign
        counts = campaigns.funnel_counts(campaign)
        self.screen.act(f"The campaign “{campaign}” is launched")
        self.screen.say(
            f"in the segment {counts.in_segment}, with consent {counts.with_consent}, "
            f"not suppressed {counts.not_suppressed}"
        )
        with stopwatch() as passed:
            self._send(campaign)
            self.screen.say(f"finished after {passed():.1f} s")

    def people_tap_buy_and_stop(self) -> None:
        """A few dozen open the link, some buy, some answer STOP."""
        self.screen.act("People read it")
        readers = self._readers(self.scene.campaign, TAP + STOP_BY_SMS)
        for number, (phone, text) in enumerate(readers[:TAP], 1):
            self._read(phone, text, buys=number <= BUY)
            self.screen.progress("have opened the link", number, TAP)
        bot = Browser(self.shop, user_agent=PREVIEW_BOT)
        bot.get(link_of(readers[TAP][1]))
        self.screen.say(
            f"{BUY} of them bought; a preview machine opened one link as well"
        )
        for phone, _text in readers[TAP:]:
            self.phones.reply(phone, "Stop!")
            self.deeds.stopped.add(phone)
        self._every_stop_is_confirmed()

    def the_next_campaign_leaves_them_alone(self) -> None:
        """The same audience again: whoever stopped gets nothing."""
        self.screen.act("A second campaign to the same audience")
        campaign = campaigns.duplicate(self.scene.campaign, name="Seaside week, again")
        self._send(campaign)
        stopped = Message.objects.filter(
            campaign=campaign, to_phone__in=self.deeds.stopped
        )
        self.screen.say(
            f"{stopped.filter(status=MessageStatus.SKIPPED).count()} of "
            f"{len(self.deeds.stopped)} who stopped were left out"
        )

    def all_receipts_arrive(self) -> None:
        """Nothing is on its way any more: ours and the carrier's books are closed."""
        self.screen.act("The last receipts come in")
        wait_for("the last receipts", self._is_settled, seconds=60, pause=0.25)

    def _send(self, campaign: Campaign) -> None:
        campaigns.launch(campaign)

        def is_finished() -> bool:
            progress = campaigns.progress(campaign)
            if progress.total:
                self.screen.progress("messages", progress.done, progress.total)
            campaign.refresh_from_db()
            return campaign.status == CampaignStatus.FINISHED

        wait_for("the end of the campaign", is_finished, seconds=120, pause=0.25)

    def _readers(self, campaign: Campaign, count: int) -> list[tuple[str, str]]:
        """Phones that show the campaign's SMS, with its text as it arrived."""
        found = Message.objects.filter(
            campaign=campaign, status__in=[MessageStatus.SENT, MessageStatus.DELIVERED]
        ).order_by("pk")
        # Numbers with a fate of their own may get it late or never.
        numbers = [
            phone
            for phone in found.values_list("to_phone", flat=True)[: count * 2]
            if not "90" <= phone[-2:] <= "94"
        ]
        return [(phone, self.phones.texts(phone)[-1]) for phone in numbers[:count]]

    def _read(self, phone: str, text: str, *, buys: bool) -> None:
        shopper = self._shopper("Demo Pircējs", phone)
        shopper.tap(text)
        self.deeds.tapped.add(phone)
        if buys:
            shopper.fill_cart(self._slug(len(self.deeds.bought)))
            self.deeds.bought[phone] = shopper.order(consent=False)

    def _every_stop_is_confirmed(self) -> None:
        def is_confirmed() -> bool:
            stops = InboundMessage.objects.filter(
                from_phone__in=self.deeds.stopped, action=InboundMessage.Action.STOP
            )
            answers = Message.objects.filter(
                to_phone__in=self.deeds.stopped, category="compliance"
            ).filter(status__in=[MessageStatus.SENT, MessageStatus.DELIVERED])
            return stops.count() == answers.count() == len(self.deeds.stopped)

        with stopwatch() as passed:
            wait_for("the answers to STOP", is_confirmed, pause=0.1)
            self.screen.say(
                f"{len(self.deeds.stopped)} answered STOP; "
                f"all confirmed after {passed():.1f} s"
            )

    def _is_settled(self) -> bool:
        nudge("fold_receipts")
        stats = self.phones.stats()
        pending = ReceiptRecord.objects.filter(state=ReceiptRecord.State.PENDING)
        open_rows = Message.objects.filter(
            status__in=[MessageStatus.QUEUED, MessageStatus.CLAIMED]
        )
        outcomes = stats["delivered"] + stats["undelivered"] + stats["expired"]
        return (
            stats["receipts_taken"] >= outcomes
            and not pending.exists()
            and not open_rows.exists()
        )

    def _next_text(self, phone: str, *, known: int) -> str:
        def look() -> str | None:
            texts = self.phones.texts(phone)
            return texts[known] if len(texts) > known else None

        return wait_for("the SMS", look)

    def _shopper(self, name: str, phone: str) -> Shopper:
        return Shopper(self.shop, name=name, phone=phone)

    def _slug(self, number: int) -> str:
        return self.scene.slugs[number % len(self.scene.slugs)]


def total_of(numbers: list[str]) -> Decimal:
    """What these orders came to, by the shop's own books."""
    orders = Order.objects.filter(number__in=numbers)
    return sum((order.net_total for order in orders), Decimal(0))
