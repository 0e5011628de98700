"""What somebody means to buy."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from example_project.shop.models.customers import Customer
from example_project.shop.models.goods import CURRENCY, Product, in_language


def new_token() -> str:
    """96 unguessable bits: who has the link may see the cart or the order."""
    return secrets.token_urlsafe(12)


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
        return in_language(self.language, line.product.name) if line else ""

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

    def keep_for(self, phone: str, *, language: str) -> None:
        """Let it belong to a number; another number is another customer's."""
        if self.customer is not None and self.customer.phone != phone:
            self.customer = None
        self.phone = phone
        self.language = language
        self.save(update_fields=["customer", "phone", "language", "updated_at"])

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
