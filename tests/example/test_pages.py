"""The shop's pages as a browser gets them: order, language, policy, cost."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from example_project.middleware import POLICY
from example_project.seed import seed
from example_project.shop.checkout import place_order
from example_project.shop.models import Cart, CartStatus, Order, Product

pytestmark = pytest.mark.django_db


class Page(HTMLParser):
    """What a strict policy and a screen reader care about."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.inputs: list[dict[str, str | None]] = []
        self.labels: set[str | None] = set()
        self.ids: list[str] = []
        self.forms: list[dict[str, object]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in found):
            self.inline.append(tag)
        self.inline += [
            name for name in found if name == "style" or name.startswith("on")
        ]
        if tag == "label":
            self.labels.add(found.get("for"))
        if tag in {"input", "select"} and found.get("type") != "hidden":
            self.inputs.append(found)
        if tag == "form":
            self.forms.append({"method": found.get("method"), "token": False})
        if found.get("name") == "csrfmiddlewaretoken":
            self.forms[-1]["token"] = True
        if found.get("id"):
            self.ids.append(str(found["id"]))


def buy(cart: Cart) -> Order:
    details = {"name": "Anna Liepa", "phone": "+37120000001", "city": "Rīga"}
    return place_order(cart, **details, language="lv")


def addresses(cart: Cart, order: Order) -> list[str]:
    return [
        reverse("shop:catalogue"),
        reverse("shop:catalogue") + "?category=bath",
        reverse("shop:product", args=["sea-salt-soap"]),
        reverse("shop:cart"),
        reverse("shop:checkout"),
        reverse("shop:shared-cart", args=[cart.token]),
        reverse("shop:thank-you", args=[order.token]),
        reverse("shop:order", args=[order.token]),
    ]


@pytest.fixture
def pages(basket: Cart, soap: Product) -> list[str]:
    other = Cart.objects.create()
    other.put(soap)
    return addresses(basket, buy(other))


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_every_page_opens_in_every_language(
    client: Client, pages: list[str], language: str
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    for address in pages:
        response = client.get(address)

        assert response.status_code == 200, address
        assert f'<html lang="{language}">' in response.content.decode()


def test_every_page_keeps_the_strict_policy(client: Client, pages: list[str]) -> None:
    for address in pages:
        response = client.get(address)

        assert response["Content-Security-Policy"] == POLICY
        assert Page(response.content.decode()).inline == [], address


def test_every_field_has_its_label_and_every_id_is_one(
    client: Client, pages: list[str]
) -> None:
    for address in pages:
        page = Page(client.get(address).content.decode())

        assert {field.get("id") for field in page.inputs} <= page.labels, address
        assert len(page.ids) == len(set(page.ids)), address


def test_every_form_posts_with_a_token(client: Client, pages: list[str]) -> None:
    for address in pages:
        page = Page(client.get(address).content.decode())

        assert page.forms
        for form in page.forms:
            assert form == {"method": "post", "token": True}, address


def test_a_post_without_token_is_refused(soap: Product) -> None:
    strict = Client(enforce_csrf_checks=True)

    response = strict.post(reverse("shop:add-to-cart", args=[soap.slug]))

    assert response.status_code == 403
    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    "name", ["shop:add-to-cart", "shop:set-quantity", "shop:keep-cart"]
)
def test_r8_get_changes_nothing(client: Client, soap: Product, name: str) -> None:
    arguments = [] if name == "shop:keep-cart" else [soap.slug]

    # "keep" is no cart's token, so a GET there finds nothing at all.
    assert client.get(reverse(name, args=arguments)).status_code in {404, 405}
    assert not Cart.objects.exists()


def test_r8_opening_a_shared_cart_changes_nothing(client: Client, basket: Cart) -> None:
    stranger = Client()

    stranger.get(reverse("shop:shared-cart", args=[basket.token]))

    assert "cart" not in stranger.session
    basket_now = Cart.objects.get()
    assert basket_now.updated_at == basket.updated_at


def test_a_shared_cart_goes_on_in_another_browser(basket: Cart) -> None:
    phone = Client()
    Cart.objects.update(status=CartStatus.ABANDONED)

    response = phone.post(reverse("shop:shared-cart", args=[basket.token]), follow=True)

    assert response.redirect_chain == [(reverse("shop:checkout"), 302)]
    assert "Sea salt soap" in response.content.decode()
    assert Cart.objects.get().status == CartStatus.OPEN


def test_a_shared_cart_that_was_ordered_says_so(basket: Cart) -> None:
    buy(basket)
    phone = Client()
    address = reverse("shop:shared-cart", args=[basket.token])

    for method in (phone.get, phone.post):
        response = method(address, follow=True)
        assert "already been ordered" in response.content.decode()
    assert "cart" not in phone.session
    assert Cart.objects.get().status == CartStatus.ORDERED


def test_the_language_switch_is_a_post_and_comes_back(client: Client) -> None:
    response = client.post(
        reverse("set_language"), {"language": "lv", "next": "/cart/"}, follow=True
    )

    assert response.redirect_chain == [("/cart/", 302)]
    assert "Jūsu grozs ir tukšs." in response.content.decode()


def test_goods_are_shown_in_the_visitors_language(
    client: Client, soap: Product
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ru"

    html = client.get(soap.get_absolute_url()).content.decode()

    assert "Мыло с морской солью" in html
    assert "Сварено в маленьких котлах" in html
    assert "6,50" in html


def test_a_department_shows_its_own_goods_only(
    client: Client, soap: Product, mittens: Product
) -> None:
    html = client.get(reverse("shop:catalogue"), {"category": "wool"}).content.decode()

    assert "mittens" in html
    assert "Sea salt soap" not in html


def test_goods_off_sale_are_gone(client: Client, soap: Product) -> None:
    Product.objects.update(is_active=False)

    assert client.get(soap.get_absolute_url()).status_code == 404
    assert "Sea salt soap" not in client.get("/").content.decode()
    assert client.post(f"/cart/add/{soap.slug}/").status_code == 404


@pytest.mark.parametrize("products", [1, 12])
def test_the_catalogue_costs_three_queries(
    client: Client,
    basket: Cart,
    products: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    if products > 1:
        seed(contacts=0)
        assert Product.objects.count() == products

    # The session, the products, the pieces in the basket.
    with django_assert_num_queries(3):
        client.get(reverse("shop:catalogue"))


def test_the_basket_costs_the_same_for_more_lines(
    client: Client,
    basket: Cart,
    mittens: Product,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    basket.put(mittens)

    # The session, the cart, its lines, their products, the pieces in the head.
    with django_assert_num_queries(5):
        client.get(reverse("shop:cart"))


def test_quantities_change_and_zero_takes_the_line_away(
    client: Client, basket: Cart, soap: Product, mittens: Product
) -> None:
    client.post(reverse("shop:add-to-cart", args=[mittens.slug]))
    client.post(reverse("shop:add-to-cart", args=[soap.slug]), {"quantity": "99"})

    assert basket.item_count == 100  # 99 soaps at most, and the mittens
    assert str(basket.total) == "668.00"

    client.post(reverse("shop:set-quantity", args=[soap.slug]), {"quantity": "3"})
    client.post(reverse("shop:set-quantity", args=[mittens.slug]), {"quantity": "0"})

    assert [str(line) for line in basket.lines.all()] == ["3 × Sea salt soap"]


@pytest.mark.parametrize("typed", ["", "-4", "many", "1e3", "²"])
def test_a_quantity_that_is_no_number_means_one(
    client: Client, soap: Product, typed: str
) -> None:
    client.post(reverse("shop:add-to-cart", args=[soap.slug]), {"quantity": typed})

    assert Cart.objects.get().item_count == 1


def test_changing_a_quantity_without_a_basket_opens_none(
    client: Client, soap: Product
) -> None:
    client.post(reverse("shop:set-quantity", args=[soap.slug]), {"quantity": "3"})

    assert not Cart.objects.exists()


@pytest.mark.parametrize(
    ("status", "done"), [("placed", 1), ("shipped", 3), ("delivered", 4)]
)
def test_the_order_page_shows_how_far_it_has_come(
    client: Client, basket: Cart, status: str, done: int
) -> None:
    order = buy(basket)
    Order.objects.update(status=status)

    html = client.get(reverse("shop:order", args=[order.token])).content.decode()

    assert html.count('<li class="done">') == done


def test_the_order_page_shows_what_was_given_back(client: Client, basket: Cart) -> None:
    order = buy(basket)
    Order.objects.update(status="refunded", refunded_amount=order.total)

    html = client.get(reverse("shop:order", args=[order.token])).content.decode()

    assert "Given back" in html
    assert 'class="steps"' not in html


def test_a_guessed_token_finds_nothing(client: Client) -> None:
    for name in ("shop:order", "shop:thank-you", "shop:shared-cart"):
        assert client.get(reverse(name, args=["guess"])).status_code == 404
