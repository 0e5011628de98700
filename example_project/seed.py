"""The demo shop's own rows: shelves, customers and past orders, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction
from django.utils import timezone

from example_project.shop.catalogue import PRODUCTS
from example_project.shop.models import (
    Category,
    Customer,
    Order,
    OrderLine,
    OrderStatus,
    Product,
)

CHUNK = 2_000
# Valid Latvian mobile numbers +371 20… to 22…; they belong to real people, so nothing
# but the local carrier may ever get them. 7919 is prime to the range: no number twice.
FIRST_NUMBER, NUMBERS, STRIDE = 20_000_000, 3_000_000, 7_919
# A third of the customers has bought before.
BUYERS = 3

# Cities and their weight, near to the real sizes.
CITIES = {
    "Rīga": 40,
    "Daugavpils": 9,
    "Liepāja": 9,
    "Jelgava": 7,
    "Jūrmala": 7,
    "Ventspils": 6,
    "Valmiera": 4,
    "Rēzekne": 3,
    "Ogre": 3,
    "Tukums": 3,
    "Cēsis": 3,
    "Kuldīga": 3,
    "Talsi": 2,
    "Saldus": 1,
}
LANGUAGES = {"lv": 62, "ru": 30, "en": 8}
WOMEN = ("Anna", "Kristīne", "Inese", "Līga", "Ilze", "Dace", "Zane", "Elīna", "Laura")
MEN = ("Jānis", "Andris", "Juris", "Edgars", "Māris", "Artūrs", "Mārtiņš", "Kaspars")
# Stem, his ending, her ending.
SURNAMES = (
    ("Bērziņ", "š", "a"),
    ("Kalniņ", "š", "a"),
    ("Ozoliņ", "š", "a"),
    ("Liepiņ", "š", "a"),
    ("Krūmiņ", "š", "a"),
    ("Balod", "is", "e"),
    ("Eglīt", "is", "e"),
    ("Zariņ", "š", "a"),
    ("Vītol", "s", "a"),
    ("Priedīt", "is", "e"),
)
RUSSIAN_WOMEN = ("Анна", "Елена", "Ольга", "Наталья", "Татьяна", "Ирина")
RUSSIAN_MEN = ("Александр", "Сергей", "Андрей", "Дмитрий", "Алексей", "Игорь")
RUSSIAN_SURNAMES = ("Иванов", "Кузнецов", "Смирнов", "Волков", "Соколов", "Морозов")
ENGLISH_NAMES = ("Emma Hill", "James Reed", "Olivia Stone", "Thomas Field")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What is now in the shop, and how much of it this run has added."""

    products: int
    customers: int
    orders: int
    new_customers: int
    new_orders: int


def seed(*, contacts: int, seed: int = 1, today: date | None = None) -> Seeded:
    """Fill the shop with `contacts` customers; a second run adds only what is missing.

    Past orders are written in bulk, without signals: nobody is texted about them.
    Their purchases are the library's rows; see `past_orders()`.
    """
    today = today or timezone.localdate()
    with transaction.atomic():
        products = _products()
        new_customers = _customers(contacts, Random(seed), today)
        new_orders = _orders(contacts, products, Random(seed + 1), today)
    return Seeded(
        products=len(products),
        customers=Customer.objects.count(),
        orders=Order.objects.count(),
        new_customers=new_customers,
        new_orders=new_orders,
    )


def past_orders() -> Iterator[Order]:
    """The seeded orders, oldest first, with lines and customer already loaded."""
    orders = Order.objects.filter(number__startswith="VS-P").order_by("placed_at", "pk")
    related = orders.select_related("customer").prefetch_related("lines")
    return related.iterator(chunk_size=CHUNK)


def phone_of(place: int) -> str:
    """The number of the customer at this place, from 0; at most `NUMBERS` of them."""
    return f"+371{FIRST_NUMBER + (place + 1) * STRIDE % NUMBERS}"


def _products() -> list[Product]:
    for name, slug, price, category, brand, drawing, description in PRODUCTS:
        Product.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "price": Decimal(price),
                "category": category,
                "brand": brand,
                "drawing": drawing,
                "description": description,
            },
        )
    return [Product.objects.get(slug=row[1]) for row in PRODUCTS]


def _customers(count: int, random: Random, today: date) -> int:
    known = set(Customer.objects.values_list("phone", flat=True))
    # Made for each place, so that a longer list begins with the shorter one.
    people = (_person(place, random, today) for place in range(count))
    fresh = [person for person in people if person.phone not in known]
    Customer.objects.bulk_create(fresh, batch_size=CHUNK)
    return len(fresh)


def _person(place: int, random: Random, today: date) -> Customer:
    language = _pick(LANGUAGES, random)
    days = random.randint(18 * 366, 78 * 365)
    return Customer(
        name=_name(language, random),
        phone=phone_of(place),
        email=f"customer{place + 1}@example.com" if random.random() < 0.7 else "",
        city=_pick(CITIES, random),
        # One in ten has not told.
        birth_date=None if random.random() < 0.1 else today - timedelta(days=days),
        language=language,
        interests=sorted(random.sample(Category.values, k=random.randint(0, 3))),
    )


def _name(language: str, random: Random) -> str:
    if language == "en":
        return random.choice(ENGLISH_NAMES)
    is_woman = random.random() < 0.5
    if language == "ru":
        surname = random.choice(RUSSIAN_SURNAMES)
        first = random.choice(RUSSIAN_WOMEN if is_woman else RUSSIAN_MEN)
        return f"{first} {surname}{'а' if is_woman else ''}"
    stem, his, her = random.choice(SURNAMES)
    first = random.choice(WOMEN if is_woman else MEN)
    return f"{first} {stem}{her if is_woman else his}"


def _orders(count: int, products: list[Product], random: Random, today: date) -> int:
    places = range(0, count, BUYERS)
    known = set(Order.objects.values_list("number", flat=True))
    ids = dict(Customer.objects.values_list("phone", "pk"))
    languages = dict(Customer.objects.values_list("pk", "language"))
    names = dict(Customer.objects.values_list("pk", "name"))
    cities = dict(Customer.objects.values_list("pk", "city"))
    orders: list[Order] = []
    lines: list[OrderLine] = []
    for place in places:
        for nth in range(random.choice((1, 1, 1, 2, 2, 3))):
            phone = phone_of(place)
            buyer = ids[phone]
            order = Order(
                number=f"VS-P{place + 1:06d}-{nth + 1}",
                customer_id=buyer,
                name=names[buyer],
                phone=phone,
                city=cities[buyer],
                language=languages[buyer],
                placed_at=_moment(random, today),
            )
            bought = _lines(order, products, random)
            _settle(order, bought, random)
            if order.number not in known:
                orders.append(order)
                lines += bought
    Order.objects.bulk_create(orders, batch_size=CHUNK)
    for line in lines:
        line.order_id = line.order.pk
    OrderLine.objects.bulk_create(lines, batch_size=CHUNK)
    return len(orders)


def _moment(random: Random, today: date) -> datetime:
    # From ten days to two years ago, more of them lately.
    days = 10 + int(720 * random.random() ** 2)
    noon = datetime.combine(today - timedelta(days=days), datetime.min.time())
    minutes = random.randint(8 * 60, 22 * 60)
    return timezone.make_aware(noon + timedelta(minutes=minutes))


def _lines(order: Order, products: list[Product], random: Random) -> list[OrderLine]:
    return [
        OrderLine(
            order=order,
            product=product,
            name=product.name,
            sku=product.slug,
            category=product.category,
            brand=product.brand,
            quantity=random.choice((1, 1, 1, 2, 3)),
            price=product.price,
        )
        for product in random.sample(products, k=random.choice((1, 1, 2, 3)))
    ]


def _settle(order: Order, lines: list[OrderLine], random: Random) -> None:
    order.total = sum((line.amount for line in lines), Decimal(0))
    order.status = OrderStatus.DELIVERED
    fate = random.random()
    if fate < 0.03:
        order.status = OrderStatus.CANCELED
    elif fate < 0.06:
        order.status = OrderStatus.REFUNDED
        order.refunded_amount = order.total


def _pick(weights: dict[str, int], random: Random) -> str:
    return random.choices(list(weights), weights=list(weights.values()))[0]
