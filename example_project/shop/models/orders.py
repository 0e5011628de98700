"""What was bought, how far it has come, and what was given back."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from example_project.shop.models.carts import Cart, new_token
from example_project.shop.models.customers import Customer
from example_project.shop.models.goods import CURRENCY, Product, in_language

# No 0/O, 1/I: customers read order numbers over the phone. 32^6 is a thousand million.
NUMBER_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


def new_order_number() -> str:
    """Such as VS-7K2M4Q."""
    return "VS-" + "".join(secrets.choice(NUMBER_LETTERS) for _letter in range(6))


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
    def first_product_name(self) -> str:
        """The first line's name in the buyer's language; "" without lines."""
        line = self.lines.first()
        return in_language(self.language, line.name) if line else ""

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
