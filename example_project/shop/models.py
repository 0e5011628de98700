"""The shop's own tables: what any small shop has, and nothing made for the library."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import get_language, gettext, override, pgettext_lazy
from django.utils.translation import gettext_lazy as _

CURRENCY = "EUR"
# No 0/O, 1/I: customers read order numbers over the phone. 32^6 is a thousand million.
NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_token() -> str:
    """96 unguessable bits: who has the link may see the cart or the order."""
    return secrets.token_urlsafe(12)


def new_order_number() -> str:
    """Such as VS-7K2M4Q."""
    return "VS-" + "".join(secrets.choice(NUMBER_LETTERS) for _letter in range(6))


class Category(models.TextChoices):
    """Departments of the shop; customers' interests use the same words."""

    BATH = "bath", pgettext_lazy("department", "Bath & sauna")
    HOME = "home", pgettext_lazy("department", "Home")
    PANTRY = "pantry", pgettext_lazy("department", "Pantry")
    WOOL = "wool", pgettext_lazy("department", "Wool & linen")
    AMBER = "amber", pgettext_lazy("department", "Amber")


class Customer(models.Model):
    """Someone who has bought or may buy; most have no login."""

    name = models.CharField(_("name"), max_length=120)
    # As written by whoever wrote it; making a number of it is the library's business.
    phone = models.CharField(_("phone"), max_length=40, db_index=True)
    email = models.EmailField(_("e-mail"), blank=True)
    city = models.CharField(_("city"), max_length=80, blank=True)
    # NULL: the shop does not know it.
    birth_date = models.DateField(_("date of birth"), null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="lv"
    )
    interests = models.JSONField(_("interests"), default=list, blank=True)
    # NULL: a guest. SET_NULL: the orders of a removed login stay.
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("login"),
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """The first word of the name, as a greeting needs it."""
        return (self.name.split() or [""])[0]

    @property
    def last_name(self) -> str:
        """All words of the name after the first."""
        return " ".join(self.name.split()[1:])


class Product(models.Model):
    """One thing on the shelf; its picture is a drawing out of the shop's own sprite."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), unique=True)
    description = models.TextField(_("description"), blank=True)
    price = models.DecimalField(
        _("price"),
        max_digits=8,
        decimal_places=2,
        validators=[MinValueValidator(Decimal("0.01"))],
    )
    category = models.CharField(_("category"), max_length=12, choices=Category.choices)
    brand = models.CharField(_("maker"), max_length=80, blank=True)
    # A drawing's name in static/shop/drawings.svg.
    drawing = models.SlugField(_("drawing"), default="shell")
    is_active = models.BooleanField(_("on sale"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["category", "name", "pk"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The product's page."""
        return reverse("shop:product", args=[self.slug])

    @property
    def shown_name(self) -> str:
        """The name in the visitor's language, where it has been translated."""
        return gettext(self.name)

    @property
    def shown_description(self) -> str:
        """The description in the visitor's language (gettext("") is a file header)."""
        return gettext(self.description) if self.description else ""


class CartStatus(models.TextChoices):
    """open → ordered | abandoned (by staff); whoever comes back opens it again."""

    OPEN = "open", pgettext_lazy("cart", "Open")
    ORDERED = "ordered", pgettext_lazy("cart", "Ordered")
    ABANDONED = "abandoned", pgettext_lazy("cart", "Abandoned")


class Cart(models.Model):
    """A basket of a customer or of an anonymous visitor who may have left a number."""

    token = models.CharField(max_length=24, unique=True, default=new_token)
    # NULL: an anonymous visitor.
    customer = models.ForeignKey(
        Customer,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="carts",
        verbose_name=_("customer"),
    )
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=CartStatus.choices,
        default=CartStatus.OPEN,
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last touched"), auto_now=True)

    class Meta:
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        ordering = ["-pk"]
        indexes = [
            # used by: which open carts have been idle for N minutes
            models.Index(fields=["status", "updated_at"], name="cart_idle"),
        ]

    def __str__(self) -> str:
        return gettext("cart %(number)s") % {"number": self.pk}

    @property
    def is_open(self) -> bool:
        """Whether the visitor is still expected to buy what is in it."""
        return self.status == CartStatus.OPEN

    @property
    def total(self) -> Decimal:
        """At today's prices, in `CURRENCY`."""
        return sum((line.amount for line in self.lines.all()), Decimal(0))

    @property
    def item_count(self) -> int:
        """Pieces, not lines."""
        return sum(line.quantity for line in self.lines.all())

    @property
    def currency(self) -> str:
        """This shop sells in one currency only."""
        return CURRENCY

    @property
    def first_product_name(self) -> str:
        """What went in first, in the visitor's language; "" if nothing is in it."""
        line = self.lines.select_related("product").first()
        with override(self.language or get_language()):
            return line.product.shown_name if line else ""

    @property
    def public_url(self) -> str:
        """A full address that shows this cart on any device."""
        return settings.SHOP_URL + reverse("shop:shared-cart", args=[self.token])

    @transaction.atomic
    def put(self, product: Product, *, quantity: int = 1) -> None:
        """Add pieces of a product, at most 99, and touch the cart."""
        line, created = CartLine.objects.select_for_update().get_or_create(
            cart=self, product=product, defaults={"quantity": quantity}
        )
        if not created:
            line.quantity = min(99, line.quantity + quantity)
            line.save(update_fields=["quantity"])
        self.touch()

    @transaction.atomic
    def set_quantity(self, product: Product, *, quantity: int) -> None:
        """Have exactly so many pieces; 0 takes the line away."""
        if quantity > 0:
            self.lines.filter(product=product).update(quantity=min(99, quantity))
        else:
            self.lines.filter(product=product).delete()
        self.touch()

    def touch(self) -> None:
        """The visitor is here: the idle time starts again."""
        self.status = CartStatus.OPEN
        self.save(update_fields=["status", "updated_at"])


class CartLine(models.Model):
    """So many pieces of a product in a cart."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    product = models.ForeignKey(
        Product, on_delete=models.CASCADE, verbose_name=_("product")
    )
    quantity = models.PositiveSmallIntegerField(
        _("quantity"), default=1, validators=[MinValueValidator(1)]
    )

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "product"], name="one_line_per_product"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.product}"

    @property
    def amount(self) -> Decimal:
        """Pieces times today's price."""
        return self.quantity * self.product.price


class OrderStatus(models.TextChoices):
    """placed → paid → shipped → delivered; canceled before, refunded after payment."""

    PLACED = "placed", pgettext_lazy("order", "Placed")
    PAID = "paid", pgettext_lazy("order", "Paid")
    SHIPPED = "shipped", pgettext_lazy("order", "Shipped")
    DELIVERED = "delivered", pgettext_lazy("order", "Delivered")
    CANCELED = "canceled", pgettext_lazy("order", "Canceled")
    REFUNDED = "refunded", pgettext_lazy("order", "Refunded")


S = OrderStatus
# Which status may be left for which: small shops skip steps, never go back.
ALLOWED_MOVES: dict[str, frozenset[str]] = {
    S.PLACED: frozenset({S.PAID, S.SHIPPED, S.DELIVERED, S.CANCELED}),
    S.PAID: frozenset({S.SHIPPED, S.DELIVERED, S.CANCELED, S.REFUNDED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.REFUNDED}),
    S.DELIVERED: frozenset({S.REFUNDED}),
    S.CANCELED: frozenset(),
    S.REFUNDED: frozenset(),
}
REFUNDABLE = frozenset({S.PAID, S.SHIPPED, S.DELIVERED})


class Order(models.Model):
    """A sale; money already given back stands in `refunded_amount`."""

    number = models.CharField(
        _("number"), max_length=20, unique=True, default=new_order_number
    )
    token = models.CharField(max_length=24, unique=True, default=new_token)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="orders",
        verbose_name=_("customer"),
    )
    # NULL: not ordered through the web shop. One cart makes one order, ever.
    cart = models.OneToOneField(
        Cart, on_delete=models.SET_NULL, null=True, blank=True, related_name="order"
    )
    name = models.CharField(_("name"), max_length=120, blank=True)
    phone = models.CharField(_("phone"), max_length=40)
    city = models.CharField(_("city"), max_length=80, blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=S.choices, default=S.PLACED
    )
    total = models.DecimalField(_("total"), max_digits=10, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3, default=CURRENCY)
    refunded_amount = models.DecimalField(
        _("refunded"), max_digits=10, decimal_places=2, default=Decimal(0)
    )
    placed_at = models.DateTimeField(_("placed"))
    updated_at = models.DateTimeField(_("last touched"), auto_now=True)

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-placed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(refunded_amount__gte=0)
                & models.Q(refunded_amount__lte=models.F("total")),
                name="refund_within_total",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def net_total(self) -> Decimal:
        """What the shop keeps."""
        return self.total - self.refunded_amount

    @property
    def public_url(self) -> str:
        """A full address that shows this order to whoever has the link."""
        return settings.SHOP_URL + reverse("shop:order", args=[self.token])

    def move_to(self, status: str) -> None:
        """Change the status by the table of moves and save; ValidationError if not."""
        if status not in ALLOWED_MOVES[self.status]:
            raise ValidationError(
                _("Order %(number)s is “%(now)s” and cannot become “%(then)s”."),
                params={
                    "number": self.number,
                    "now": self.get_status_display(),
                    "then": OrderStatus(status).label,
                },
            )
        self.status = status
        self.save(update_fields=["status", "updated_at"])

    def refund(self, amount: Decimal | None = None) -> None:
        """Give back a part, or all that is left; ValidationError if there is less."""
        amount = self.net_total if amount is None else amount
        if self.status not in REFUNDABLE:
            raise ValidationError(
                _("Order %(number)s is “%(now)s”: there is no payment to give back."),
                params={"number": self.number, "now": self.get_status_display()},
            )
        if not Decimal(0) < amount <= self.net_total:
            raise ValidationError(
                _("Order %(number)s: give back between 0.01 and %(most)s."),
                params={"number": self.number, "most": self.net_total},
            )
        self.refunded_amount += amount
        if self.refunded_amount == self.total:
            self.status = OrderStatus.REFUNDED
        self.save(update_fields=["refunded_amount", "status", "updated_at"])


class OrderLine(models.Model):
    """What was bought, at the price and by the name of that day."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    # NULL: the product has since been removed from the shop.
    product = models.ForeignKey(
        Product,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name=_("product"),
    )
    name = models.CharField(_("name"), max_length=120)
    sku = models.SlugField(_("article"), blank=True)
    category = models.CharField(_("category"), max_length=12, blank=True)
    brand = models.CharField(_("maker"), max_length=80, blank=True)
    quantity = models.PositiveSmallIntegerField(_("quantity"), default=1)
    price = models.DecimalField(_("price"), max_digits=8, decimal_places=2)

    class Meta:
        verbose_name = _("line")
        verbose_name_plural = _("lines")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def amount(self) -> Decimal:
        """Pieces times the price of that day."""
        return self.quantity * self.price

    @property
    def shown_name(self) -> str:
        """The name in the visitor's language, where it has been translated."""
        return gettext(self.name) if self.name else ""
