"""A small random world, and what each rule means in it, told in plain Python.

The oracle shares no code with the package: it reads the JSON of a tree and the facts
that the world was made of, and knows no SQL.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sms_marketing.models import (
    Brand,
    ConsentState,
    Contact,
    ContactTag,
    Purchase,
    Segment,
    SegmentMember,
)

PEOPLE = 60
# Lines 1 and 2 are one city (NFC and NFD, case, spaces), the third is another one.
CITIES = [
    "Rīga",
    unicodedata.normalize("NFD", "  RĪGA "),
    "Riga",
    "Daugavpils",
    "Даугавпилс",
    "даугавПИЛС",
    "Йошкар-Ола",
    unicodedata.normalize("NFD", "йошкар-ола"),
    "Rēzekne  Nord",
    "Straße",
    "STRASSE",
    "",
]
COUNTRIES = ["LV", "LT", "EE", ""]
LANGUAGES = ["lv", "ru", "en", "en-gb", ""]
WORDS = ["Kafija", "kafija", "Tēja", unicodedata.normalize("NFD", "TĒJA"), "Чай", "VIP"]
TOPICS = ["", "offers", "news"]
STATUSES = ["unknown", "pending", "opted_in", "opted_out"]
AMOUNTS = [
    Decimal(text) for text in ("0.10", "0.2", "9.90", "10", "20.05", "33.333333")
]
LIMITS = ["0", "0.3", "1.00", "9.9", "10", "30.05", "33.333333", "100"]
MOMENTS = [
    datetime(2024, 2, 29, 12, 0, tzinfo=UTC),
    # Already 1 March in Rīga, still 28 February in Havana.
    datetime(2026, 2, 28, 22, 30, tzinfo=UTC),
    # The nights in which the clocks change: Havana's at midnight.
    datetime(2026, 3, 8, 12, 0, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
]


@dataclass(kw_only=True)
class Bought:
    brand: str
    status: str
    currency: str
    net: Decimal
    at: datetime


@dataclass(kw_only=True)
class Person:
    city: str
    country: str
    language: str
    born: date | None
    erased: bool
    interests: set[str]
    tags: set[str]
    lists: set[int] = field(default_factory=set)
    #: (brand code, channel, topic) → status
    said: dict[tuple[str, str, str], str] = field(default_factory=dict)
    bought: list[Bought] = field(default_factory=list)
    pk: int = 0


@dataclass(kw_only=True)
class World:
    now: datetime
    brands: dict[str, Brand]
    people: list[Person]
    lists: list[int]


def word(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return unicodedata.normalize("NFC", " ".join(composed.split()).casefold())


# -- making it


def make_world(seed: int, *, currencies: tuple[str, str]) -> World:
    random = Random(seed)
    now = MOMENTS[seed % len(MOMENTS)]
    brands = _make_brands(currencies)
    lists = [
        Segment.objects.create(name=name, kind=Segment.Kind.STATIC).pk
        for name in ("Dinner", "Trip")
    ]
    people = [_person(random, now, brands, lists) for _ in range(PEOPLE)]
    world = World(now=now, brands=brands, people=people, lists=lists)
    _write(world)
    # Bought without a usable number: NULL in every subquery on purchases.
    Purchase.objects.create(**_purchase(brands, None, _bought(random, now, brands), 0))
    return world


def _make_brands(currencies: tuple[str, str]) -> dict[str, Brand]:
    default = Brand.objects.get_default()
    default.zone, default.currency = "Europe/Riga", currencies[0]
    default.save()
    other = Brand.objects.create(
        name="Nord", code="nord", zone="America/Havana", currency=currencies[1]
    )
    return {default.code: default, "nord": other}


def _person(
    random: Random, now: datetime, brands: dict[str, Brand], lists: list[int]
) -> Person:
    person = Person(
        city=random.choice(CITIES),
        country=random.choice(COUNTRIES),
        language=random.choice(LANGUAGES),
        born=_birth_date(random, now.date()),
        erased=random.random() < 0.05,
        interests=set(random.sample(WORDS, random.randint(0, 3))),
        tags=set(random.sample(WORDS, random.randint(0, 2))),
        lists={pk for pk in lists if random.random() < 0.3},
    )
    for code in brands:
        for channel in ("sms", "rcs"):
            for topic in TOPICS:
                if random.random() < 0.5:
                    person.said[code, channel, topic] = random.choice(STATUSES)
    for _ in range(random.choice([0, 0, 1, 1, 2, 3, 5])):
        person.bought.append(_bought(random, now, brands))
    return person


def _birth_date(random: Random, today: date) -> date | None:
    year = today.year - random.choice([-1, 0, 17, 18, 18, 25, 26, 40, 99])
    match random.randint(0, 4):
        case 0:
            return None
        case 1:
            return date(year - year % 4, 2, 29)
        case 2:
            day = random.randint(-2, 2)
            return date(year, 3, 1) + timedelta(days=day)
        case 3:
            return date(year, today.month, min(today.day, 28))
    return date(year, random.randint(1, 12), random.randint(1, 28))


def _bought(random: Random, now: datetime, brands: dict[str, Brand]) -> Bought:
    code = random.choice(list(brands))
    status = random.choice(["placed", "placed", "placed", "refunded", "canceled"])
    net = random.choice(AMOUNTS)
    if status == "refunded":
        net = random.choice([Decimal(0), Decimal("-0.10"), net])
    zone = ZoneInfo(random.choice(list(brands.values())).zone)
    local = now.astimezone(zone).date() - timedelta(days=random.choice(DAYS))
    at = midnight(local, zone) + random.choice(SHIFTS)
    return Bought(
        brand=code, status=status, currency=brands[code].currency, net=net, at=at
    )


DAYS = [-1, 0, 1, 2, 7, 8, 30, 31, 200, 400]
# On both sides of midnight, and anywhere in the day.
SHIFTS = [timedelta(0), timedelta(microseconds=-1), timedelta(hours=13)]


def _write(world: World) -> None:
    kept: list[Contact] = []
    for number, person in enumerate(world.people):
        phone = None if person.erased else f"+37121{number:06d}"
        contact = Contact(
            phone=phone,
            erased_at=world.now if person.erased else None,
            city=person.city,
            city_key=word(person.city),
            country=person.country,
            language=person.language,
            birth_date=person.born,
        )
        contact.save()
        person.pk = contact.pk
        kept.append(contact)
    default, other = world.brands
    codes = {default: world.brands[default].pk, other: world.brands[other].pk}
    ConsentState.objects.bulk_create(
        ConsentState(
            contact_id=person.pk,
            brand_id=codes[code],
            channel=channel,
            topic=topic,
            status=status,
            since=world.now,
        )
        for person in world.people
        for (code, channel, topic), status in person.said.items()
    )
    ContactTag.objects.bulk_create(
        ContactTag(contact_id=person.pk, kind=kind, label=key, key=key)
        for person in world.people
        for kind, labels in (("interest", person.interests), ("tag", person.tags))
        for key in {word(label) for label in labels}
    )
    SegmentMember.objects.bulk_create(
        SegmentMember(contact_id=person.pk, segment_id=pk)
        for person in world.people
        for pk in person.lists
    )
    Purchase.objects.bulk_create(
        Purchase(**_purchase(world.brands, person.pk, bought, number))
        for person in world.people
        for number, bought in enumerate(person.bought)
    )


def _purchase(
    brands: dict[str, Brand], contact_id: int | None, bought: Bought, number: int
) -> dict[str, Any]:
    return {
        "brand": brands[bought.brand],
        "contact_id": contact_id,
        "source": "test.Order",
        "external_id": f"{contact_id}-{number}",
        "status": bought.status,
        "currency": bought.currency,
        "amount": abs(bought.net),
        "base_currency": bought.currency,
        "net_amount": bought.net,
        "placed_at": bought.at,
    }


# -- asking it


@dataclass(kw_only=True)
class Oracle:
    world: World
    brand: Brand

    def matches(self, node: dict[str, Any], person: Person) -> bool:
        match node:
            case {"all": nodes}:
                return all(self.matches(item, person) for item in nodes)
            case {"any": nodes}:
                return any(self.matches(item, person) for item in nodes)
            case {"not": inner}:
                return not self.matches(inner, person)
            case {"kind": kind, "op": op}:
                return bool(getattr(self, f"_{kind}")(person, op, node))
        return True

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.brand.zone)

    @property
    def today(self) -> date:
        return self.world.now.astimezone(self.zone).date()

    def _city(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return self._column(word(person.city), op, rule, word)

    def _country(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return self._column(person.country, op, rule, str.upper)

    def _language(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return self._column(person.language, op, rule, str.lower)

    def _column(
        self, has: str, op: str, rule: dict[str, Any], clean: Callable[[str], str]
    ) -> bool:
        value = rule["value"]
        if not has:
            return False
        if op == "in":
            return has in [clean(item) for item in value]
        return (has == clean(value)) is (op == "is")

    def _age(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        born, today = person.born, self.today
        if born is None or born > today:
            return False
        age = today.year - born.year
        if (today.month, today.day) < (born.month, born.day):
            age -= 1
        if op == "between":
            return rule["from"] <= age <= rule["to"]
        return age >= rule["value"] if op == "at_least" else age <= rule["value"]

    def _interest(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return self._marked(person.interests, op, rule)

    def _tag(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return self._marked(person.tags, op, rule)

    def _marked(self, marks: set[str], op: str, rule: dict[str, Any]) -> bool:
        wanted = {word(item) for item in rule["value"]}
        return any(word(mark) in wanted for mark in marks) is (op == "has")

    def _fixed_list(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return (rule["value"] in person.lists) is (op == "in")

    def _consent(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        code, channel = rule.get("brand", self.brand.code), rule.get("channel", "sms")
        own = person.said.get((code, channel, rule.get("topic", "")))
        general = person.said.get((code, channel, ""), "unknown")
        if own in ("opted_in", "opted_out"):
            return own == op
        if general == "opted_in" or own is None:
            return general == op
        return own == op

    def _purchase_count(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        return _compare(len(self._bought(person, rule)), op, rule["value"])

    def _purchase_sum(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        brand = self.world.brands[rule.get("brand", self.brand.code)]
        total = sum(
            item.net
            for item in self._bought(person, rule)
            if item.currency == brand.currency
        )
        return _compare(total, op, Decimal(rule["value"]))

    def _last_purchase(self, person: Person, op: str, rule: dict[str, Any]) -> bool:
        bought = self._bought(person, {"brand": rule.get("brand")})
        if op == "never" or not bought:
            return op == "never" and not bought
        last = max(item.at for item in bought).astimezone(self.zone).date()
        days = (self.today - last).days
        return days <= rule["value"] if op == "within" else days > rule["value"]

    def _bought(self, person: Person, rule: dict[str, Any]) -> list[Bought]:
        return [item for item in person.bought if self._counts(item, rule)]

    def _counts(self, item: Bought, rule: dict[str, Any]) -> bool:
        if item.status == "canceled" or item.at > self.world.now:
            return False
        if rule.get("brand") not in (None, item.brand):
            return False
        day = item.at.astimezone(self.zone).date()
        if "within_days" in rule:
            return (self.today - day).days <= rule["within_days"]
        since = date.fromisoformat(rule.get("since", "0001-01-01"))
        until = date.fromisoformat(rule.get("until", "9999-12-31"))
        return since <= day <= until


def _compare(have: Any, op: str, value: Any) -> bool:
    return {
        "at_least": have >= value,
        "more_than": have > value,
        "at_most": have <= value,
        "less_than": have < value,
        "exactly": have == value,
    }[op]


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a day, found by walking."""
    instant = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
    while instant.astimezone(zone).date() < day:
        instant += timedelta(minutes=15)
    return instant


# -- asking at random


def random_tree(random: Random, world: World, depth: int = 0) -> dict[str, Any]:
    if depth < 4 and random.random() < (0.8 if depth == 0 else 0.35):
        match random.choice(["all", "all", "any", "not"]):
            case "not":
                return {"not": random_tree(random, world, depth + 1)}
            case group:
                size = random.randint(1, 3)
                return {
                    group: [random_tree(random, world, depth + 1) for _ in range(size)]
                }
    kind, op = random.choice(QUESTIONS)
    return {"kind": kind, "op": op, **_values(random, world, kind, op)}


QUESTIONS = [
    *[("consent", op) for op in STATUSES],
    *[
        (kind, op)
        for kind in ("city", "country", "language")
        for op in ("is", "is_not")
    ],
    *[(kind, "in") for kind in ("city", "country", "language")],
    *[("age", op) for op in ("between", "at_least", "at_most")],
    *[(kind, op) for kind in ("interest", "tag") for op in ("has", "has_not")],
    *[("fixed_list", op) for op in ("in", "not_in")],
    *[("purchase_count", op) for op in ("at_least", "at_most", "exactly")] * 2,
    *[("purchase_sum", op) for op in ("at_least", "more_than", "at_most", "less_than")]
    * 2,
    *[("last_purchase", op) for op in ("within", "before", "never")],
]


def _values(random: Random, world: World, kind: str, op: str) -> dict[str, Any]:
    brand = (
        {"brand": random.choice(list(world.brands))} if random.random() < 0.3 else {}
    )
    match kind:
        case "consent":
            return {**brand, **_consent_values(random)}
        case "city":
            return _column_values(random, op, [city for city in CITIES if city])
        case "country":
            return _column_values(random, op, ["LV", "lt", "EE"])
        case "language":
            return _column_values(random, op, ["lv", "RU", "en", "en-gb"])
        case "interest" | "tag":
            return {"value": random.sample(WORDS, random.randint(1, 3))}
        case "fixed_list":
            return {"value": random.choice([*world.lists, 10**12])}
        case "age":
            ages = sorted(random.choices([0, 17, 18, 25, 26, 40, 99], k=2))
            if op == "between":
                return {"from": ages[0], "to": ages[1]}
            return {"value": ages[0]}
        case "last_purchase":
            return brand if op == "never" else {"value": _days(random), **brand}
        case "purchase_count":
            value: Any = random.choice([0, 1, 1, 2, 3])
        case _:
            value = random.choice(LIMITS)
    return {"value": value, **_window(random, world), **brand}


def _consent_values(random: Random) -> dict[str, Any]:
    values = {}
    if random.random() < 0.6:
        values["topic"] = random.choice(["offers", "news", "never heard of"])
    if random.random() < 0.3:
        values["channel"] = random.choice(["sms", "rcs"])
    return values


def _column_values(random: Random, op: str, words: list[str]) -> dict[str, Any]:
    if op == "in":
        return {"value": random.sample(words, random.randint(1, 3))}
    return {"value": random.choice(words)}


def _days(random: Random) -> int:
    return random.choice([1, 2, 7, 8, 30, 199, 200])


def _window(random: Random, world: World) -> dict[str, Any]:
    today = world.now.date()
    days = sorted(random.choices([0, 1, 7, 8, 30, 200, 300], k=2))
    until, since = (str(today - timedelta(days=ago)) for ago in days)
    return random.choice(
        [
            {},
            {"within_days": _days(random)},
            {"since": since},
            {"until": until},
            {"since": since, "until": until},
        ]
    )
