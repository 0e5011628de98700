"""What the shop's staff does: orders move and are refunded, one `.save()` each."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from example_project.shop.models import (
    Cart,
    CartLine,
    CartStatus,
    Category,
    Customer,
    Order,
    OrderLine,
    OrderStatus,
    Product,
)


class OrderLineInline(admin.TabularInline):
    """What was bought; not changed after the sale."""

    model = OrderLine
    fields = ["name", "quantity", "price", "amount"]
    readonly_fields = fields
    extra = 0
    can_delete = False

    @admin.display(description=_("amount"))
    def amount(self, line: OrderLine) -> Decimal:
        return line.amount

    def has_add_permission(self, request: HttpRequest, obj: Order | None) -> bool:
        return False


class RefundForm(forms.Form):
    """How much to give back of each chosen order."""

    amount = forms.DecimalField(
        label=_("Amount to give back"), min_value=Decimal("0.01"), decimal_places=2
    )


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders move by actions only, so that the table of moves is kept."""

    list_display = [
        "number",
        "name",
        "status",
        "total",
        "refunded_amount",
        "currency",
        "placed_at",
    ]
    list_filter = ["status", "placed_at"]
    search_fields = ["number", "name", "phone"]
    list_per_page = 50
    inlines = [OrderLineInline]
    fields = [
        ("number", "status"),
        ("name", "phone"),
        ("city", "language"),
        "customer",
        ("total", "currency", "refunded_amount"),
        "placed_at",
    ]
    readonly_fields = [
        "number",
        "status",
        "customer",
        "total",
        "currency",
        "refunded_amount",
        "placed_at",
    ]
    actions = [
        "mark_paid",
        "mark_shipped",
        "mark_delivered",
        "cancel",
        "refund_whole",
        "refund_part",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Mark as paid"), permissions=["change"])
    def mark_paid(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._each(request, orders, lambda order: order.move_to(OrderStatus.PAID))

    @admin.action(description=_("Mark as shipped"), permissions=["change"])
    def mark_shipped(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._each(request, orders, lambda order: order.move_to(OrderStatus.SHIPPED))

    @admin.action(description=_("Mark as delivered"), permissions=["change"])
    def mark_delivered(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._each(request, orders, lambda order: order.move_to(OrderStatus.DELIVERED))

    @admin.action(description=_("Cancel"), permissions=["change"])
    def cancel(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._each(request, orders, lambda order: order.move_to(OrderStatus.CANCELED))

    @admin.action(description=_("Refund all that is left"), permissions=["change"])
    def refund_whole(self, request: HttpRequest, orders: QuerySet[Order]) -> None:
        self._each(request, orders, lambda order: order.refund())

    @admin.action(description=_("Refund a part…"), permissions=["change"])
    def refund_part(
        self, request: HttpRequest, orders: QuerySet[Order]
    ) -> HttpResponse | None:
        form = RefundForm(request.POST if "amount" in request.POST else None)
        if form.is_valid():
            amount = form.cleaned_data["amount"]
            self._each(request, orders, lambda order: order.refund(amount))
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": gettext("Refund a part"),
            "orders": orders,
            "form": form,
        }
        return TemplateResponse(request, "admin/shop/order/refund.html", context)

    def _each(
        self,
        request: HttpRequest,
        orders: QuerySet[Order],
        change: Callable[[Order], None],
    ) -> None:
        done = 0
        for number in orders.values_list("pk", flat=True):
            try:
                with transaction.atomic():
                    change(Order.objects.select_for_update().get(pk=number))
            except ValidationError as error:
                self.message_user(request, " ".join(error.messages), messages.ERROR)
            else:
                done += 1
        if done:
            text = ngettext("%d order changed.", "%d orders changed.", done) % done
            self.message_user(request, text, messages.SUCCESS)


class CartLineInline(admin.TabularInline):
    """What lies in the basket."""

    model = CartLine
    autocomplete_fields = ["product"]
    extra = 0


@admin.register(Cart)
class CartAdmin(admin.ModelAdmin):
    """Baskets; staff may give one up, so that nobody is reminded of it."""

    list_display = ["pk", "customer", "phone", "status", "pieces", "updated_at"]
    list_filter = ["status", "updated_at"]
    list_select_related = ["customer"]
    search_fields = ["phone", "customer__name"]
    fields = ["customer", "phone", "language", "status", "created_at", "updated_at"]
    autocomplete_fields = ["customer"]
    readonly_fields = ["created_at", "updated_at"]
    inlines = [CartLineInline]
    actions = ["give_up"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cart]:
        return super().get_queryset(request).prefetch_related("lines")

    @admin.display(description=_("pieces"))
    def pieces(self, cart: Cart) -> int:
        return cart.item_count

    @admin.action(description=_("Give up the basket"), permissions=["change"])
    def give_up(self, request: HttpRequest, carts: QuerySet[Cart]) -> None:
        for cart in carts.filter(status=CartStatus.OPEN):
            cart.status = CartStatus.ABANDONED
            cart.save(update_fields=["status"])


class CustomerForm(forms.ModelForm):
    """Interests are ticked, not written as JSON."""

    interests = forms.MultipleChoiceField(
        label=_("interests"),
        choices=Category.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    class Meta:
        model = Customer
        fields = [
            "name",
            "phone",
            "email",
            "city",
            "birth_date",
            "language",
            "interests",
            "user",
        ]


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    """Customers, and how to reach them."""

    list_display = ["name", "phone", "city", "language", "created_at"]
    list_filter = ["language"]
    search_fields = ["name", "phone", "email"]
    form = CustomerForm
    raw_id_fields = ["user"]


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin):
    """What is on sale."""

    list_display = ["name", "category", "brand", "price", "is_active"]
    list_editable = ["price", "is_active"]
    list_filter = ["category", "brand", "is_active"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
