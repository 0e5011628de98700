"""Three journeys that every shop wants, as drafts in three languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import router, transaction
from django.utils.translation import gettext, gettext_noop, override

from sms_marketing import events, sending
from sms_marketing.models import Brand, Category, Journey, JourneyStatus, Step, Variant

#: Idle time before the reminder, in seconds. Most shops take 15 minutes to 4 hours.
CART_WAIT = 3600
CART_EVENT = "cart_updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A journey of one message."""

    code: str
    #: English; translated when the draft is made.
    name: str
    category: Category
    trigger_event: str
    #: By language. Latvian and English stay in GSM-7 on purpose: one accent turns a
    #: part of 160 letters into one of 70.
    texts: Mapping[str, str]
    wait_seconds: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)


PLANS = (
    Plan(
        code="order_placed",
        name=gettext_noop("Thanks for the order"),
        category=Category.TRANSACTIONAL,
        trigger_event="order_placed",
        texts={
            "lv": "Paldies par pirkumu! Nr. {{ order.number }}, summa "
            "{{ order.total }} {{ order.currency }}. {{ order.url | default: '' }}",
            "en": "Thank you for order {{ order.number }}, total "
            "{{ order.total }} {{ order.currency }}. {{ order.url | default: '' }}",
            "ru": "Спасибо за заказ {{ order.number }} на "
            "{{ order.total }} {{ order.currency }}. {{ order.url | default: '' }}",
        },
    ),
    Plan(
        code="order_shipped",
        name=gettext_noop("The order is on its way"),
        category=Category.TRANSACTIONAL,
        trigger_event="order_shipped",
        texts={
            "lv": "Pirkums {{ order.number }} dodas pie Tevis! "
            "{{ order.url | default: '' }}",
            "en": "Order {{ order.number }} is on its way to you. "
            "{{ order.url | default: '' }}",
            "ru": "Заказ {{ order.number }} уже в пути. {{ order.url | default: '' }}",
        },
    ),
    Plan(
        code="cart_abandoned",
        name=gettext_noop("A cart was left"),
        category=Category.MARKETING,
        trigger_event=CART_EVENT,
        wait_seconds=CART_WAIT,
        texts={
            "lv": "{{ first_name | default: 'Sveiki' }}, tavs pirkumu grozs gaida! "
            "{{ cart.url | default: '' }}",
            "en": "{{ first_name | default: 'Hello' }}, your cart is waiting for you. "
            "{{ cart.url | default: '' }}",
            "ru": "{{ first_name | default: 'Здравствуйте' }}, ваша корзина ждёт! "
            "{{ cart.url | default: '' }}",
        },
        fields={"exit_events": ["order_placed"], "restarts": True},
    ),
)


def ensure_ready_made(brand: Brand | None = None) -> list[Journey]:
    """Make the drafts that a brand does not have yet; return those made now.

    The reminder asks the guard of the site's first bound cart, also when that was bound
    after the draft was made. Nothing starts by itself.
    """
    brand = brand or Brand.objects.get_default()
    using = router.db_for_write(Journey)
    journeys = Journey.objects.using(using)
    codes = {plan.code: _code(plan, brand) for plan in PLANS}
    rows = journeys.filter(code__in=codes.values())
    there = set(rows.values_list("code", flat=True))
    with transaction.atomic(using=using):
        made = [
            _make(plan, brand, using) for plan in PLANS if codes[plan.code] not in there
        ]
        rows.filter(
            status=JourneyStatus.DRAFT, trigger_event=CART_EVENT, guard=""
        ).update(guard=_cart_guard())
    for journey in made:
        journey.refresh_from_db(using=using)
    return made


def _cart_guard() -> str:
    carts = (item for _label, item in events.registry.items())
    return next(
        (item.guard_name for item in carts if isinstance(item, events.CartBinding)), ""
    )


def _code(plan: Plan, brand: Brand) -> str:
    return plan.code if brand.is_default else f"{brand.code}-{plan.code}"[:60]


def _make(plan: Plan, brand: Brand, using: str) -> Journey:
    with override(brand.fallback_language):
        name = gettext(plan.name)
    journey = Journey.objects.using(using).create(
        brand=brand,
        code=_code(plan, brand),
        name=name,
        category=plan.category,
        trigger_event=plan.trigger_event,
        **plan.fields,
    )
    steps = journey.steps.using(using)
    if plan.wait_seconds:
        steps.create(
            journey=journey,
            position=1,
            kind=Step.Kind.WAIT,
            wait_seconds=plan.wait_seconds,
        )
    send = steps.create(journey=journey, position=2, kind=Step.Kind.SEND)
    variant = Variant.objects.using(using).create(step=send)
    for language, text in plan.texts.items():
        sending.save_body(variant, language, text)
    return journey
