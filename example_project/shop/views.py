"""The shop's pages: GET shows, POST changes, and no log-in is needed to buy."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from example_project.shop import consent
from example_project.shop.checkout import place_order
from example_project.shop.forms import CheckoutForm, ConsentForm, KeepCartForm
from example_project.shop.models import (
    Cart,
    CartStatus,
    Category,
    Order,
    OrderStatus,
    Product,
)

# What a visitor's own browser remembers: their basket, and the last order they placed.
CART, LAST_ORDER = "cart", "last_order"
STEPS = [
    OrderStatus.PLACED,
    OrderStatus.PAID,
    OrderStatus.SHIPPED,
    OrderStatus.DELIVERED,
]


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Everything on sale, or one department of it."""
    products = Product.objects.filter(is_active=True)
    category = request.GET.get("category", "")
    if category in Category.values:
        products = products.filter(category=category)
    context = {"products": products, "category": category}
    return render(request, "shop/catalogue.html", context)


@require_safe
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """One product, with the button that puts it into the basket."""
    item = get_object_or_404(Product, slug=slug, is_active=True)
    return render(request, "shop/product.html", {"product": item})


@require_POST
def add_to_cart(request: HttpRequest, slug: str) -> HttpResponse:
    """One or more pieces into the visitor's basket; opens one if there is none."""
    item = get_object_or_404(Product, slug=slug, is_active=True)
    _cart_to_fill(request).put(item, quantity=_quantity(request, least=1))
    messages.success(request, _("In your basket: %s") % item.shown_name)
    return redirect("shop:cart")


@require_POST
def set_quantity(request: HttpRequest, slug: str) -> HttpResponse:
    """Have exactly so many pieces; 0 takes the product out."""
    basket = _find_cart(request)
    item = get_object_or_404(Product, slug=slug)
    if basket is not None:
        basket.set_quantity(item, quantity=_quantity(request, least=0))
    return redirect("shop:cart")


@never_cache
@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """The visitor's own basket."""
    return _cart_page(request, form=None)


@require_POST
def keep_cart(request: HttpRequest) -> HttpResponse:
    """Leave a number for one reminder; consent is recorded with it."""
    basket = _find_cart(request)
    form = KeepCartForm(request.POST)
    if basket is None:
        return redirect("shop:cart")
    if not form.is_valid():
        return _cart_page(request, form=form)
    with transaction.atomic():
        _record_consent(request, form, profile={"language": form.shown.language})
        basket.keep_for(form.cleaned_data["phone"], language=form.shown.language)
    messages.success(request, _("Done: we keep your basket and may remind you once."))
    return redirect("shop:cart")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def shared_cart(request: HttpRequest, token: str) -> HttpResponse:
    """A basket by the link of a reminder: GET shows it, POST goes on with it here."""
    basket = get_object_or_404(_carts(), token=token)
    if basket.status == CartStatus.ORDERED:
        messages.info(request, _("This basket has already been ordered."))
        return redirect("shop:catalogue")
    if request.method == "POST":
        request.session[CART] = basket.pk
        basket.touch()
        return redirect("shop:checkout")
    return render(request, "shop/shared_cart.html", {"cart": basket})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Who buys; a wrong number is said at its field and nothing typed is lost."""
    basket = _find_cart(request)
    if basket is None or not basket.item_count:
        messages.info(request, _("Your basket is empty."))
        return redirect("shop:cart")
    if request.method != "POST":
        form = CheckoutForm(initial=_known_details(request, basket))
    else:
        form = CheckoutForm(request.POST)
        if form.is_valid():
            placed = _place(request, basket, form)
            return redirect("shop:thank-you", token=placed.token)
    context = {"cart": basket, "form": form}
    return render(request, "shop/checkout.html", context)


@never_cache
@require_safe
def thank_you(request: HttpRequest, token: str) -> HttpResponse:
    """The order has been placed."""
    return render(request, "shop/thank_you.html", {"order": _order(token)})


@never_cache
@require_safe
def order(request: HttpRequest, token: str) -> HttpResponse:
    """How far an order has come, for whoever has its link."""
    placed = _order(token)
    now = STEPS.index(placed.status) if placed.status in STEPS else -1
    steps = [(step.label, place <= now) for place, step in enumerate(STEPS)]
    return render(request, "shop/order.html", {"order": placed, "steps": steps})


def _place(request: HttpRequest, basket: Cart, form: CheckoutForm) -> Order:
    data = form.cleaned_data
    details = {key: data[key] for key in ("name", "phone", "city", "language")}
    with transaction.atomic():
        placed = place_order(basket, **details)
        if data["consent"]:
            profile = {
                "first_name": placed.customer.first_name,
                "last_name": placed.customer.last_name,
                "city": data["city"],
                "language": data["language"],
            }
            _record_consent(request, form, profile=profile)
    request.session[LAST_ORDER] = placed.pk
    request.session.pop(CART, None)
    return placed


def _record_consent(
    request: HttpRequest, form: ConsentForm, *, profile: dict[str, str]
) -> None:
    consent.record(
        request,
        phone=form.cleaned_data["phone"],
        wording=form.shown,
        form_id=form.form_id,
        profile=profile,
    )


def _cart_page(request: HttpRequest, *, form: KeepCartForm | None) -> HttpResponse:
    basket = _find_cart(request)
    context = {
        "cart": basket,
        "form": form or KeepCartForm(initial={"phone": basket.phone if basket else ""}),
    }
    return render(request, "shop/cart.html", context)


def _carts() -> QuerySet[Cart]:
    return Cart.objects.prefetch_related("lines__product")


def _find_cart(request: HttpRequest) -> Cart | None:
    cart_id = request.session.get(CART)
    if cart_id is None:
        return None
    return _carts().filter(pk=cart_id).exclude(status=CartStatus.ORDERED).first()


def _cart_to_fill(request: HttpRequest) -> Cart:
    found = _find_cart(request)
    if found is not None:
        return found
    last = Order.objects.filter(pk=request.session.get(LAST_ORDER)).first()
    basket = Cart.objects.create(
        customer=last.customer if last else None,
        phone=last.phone if last else "",
        language=last.language if last else get_language(),
    )
    request.session[CART] = basket.pk
    return basket


def _known_details(request: HttpRequest, basket: Cart) -> dict[str, str]:
    # From what this browser itself has typed, never from the customer's row: a stranger
    # who types a known number must not be shown whose it is.
    last = Order.objects.filter(pk=request.session.get(LAST_ORDER)).first()
    known = {"language": get_language(), "phone": basket.phone}
    if last is not None:
        known |= {"name": last.name, "city": last.city}
        known |= {"phone": last.phone, "language": last.language}
    return known


def _order(token: str) -> Order:
    return get_object_or_404(
        Order.objects.select_related("customer").prefetch_related("lines__product"),
        token=token,
    )


def _quantity(request: HttpRequest, *, least: int) -> int:
    raw = request.POST.get("quantity", "1")[:4]
    return min(99, max(least, int(raw))) if raw.isdecimal() else 1
