"""From the shelf to the order: the number, the unticked box, and what is kept of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from example_project.shop import consent
from example_project.shop.checkout import EmptyCart, place_order
from example_project.shop.models import Cart, CartStatus, Customer, Order, Product
from sms_marketing.models import ConsentRecord, Contact

pytestmark = pytest.mark.django_db

DETAILS = {
    "name": "Anna Liepa",
    "phone": "2000 0001",
    "city": "Rīga",
    "language": "lv",
    "wording": "lv-1",
}
CHECKOUT = "/checkout/"


def test_the_way_from_the_catalogue_to_the_order(client: Client, soap: Product) -> None:
    assert soap.get_absolute_url() in client.get("/").content.decode()
    client.post(reverse("shop:add-to-cart", args=[soap.slug]), {"quantity": "2"})
    assert client.get(CHECKOUT).status_code == 200

    response = client.post(CHECKOUT, DETAILS, follow=True)

    order = Order.objects.get()
    assert order.number in response.content.decode()
    assert (order.status, order.total, order.currency) == (
        "placed",
        Decimal("13.00"),
        "EUR",
    )
    assert order.phone == "+37120000001"
    assert [(line.sku, line.quantity) for line in order.lines.all()] == [
        ("sea-salt-soap", 2)
    ]
    cart = Cart.objects.get()
    assert (cart.status, cart.customer) == (CartStatus.ORDERED, order.customer)
    assert order.public_url.startswith(settings.SHOP_URL)


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_the_box_is_unticked_beside_its_wording(
    client: Client, basket: Cart, language: str
) -> None:
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language

    form = client.get(CHECKOUT).context["form"]

    assert "checked" not in str(form["consent"])
    assert form["consent"].label == consent.current_wording(language).text
    assert form["wording"].value() == consent.current_wording(language).id


def test_a_bad_phone_is_said_at_its_field_and_loses_nothing(
    client: Client, basket: Cart
) -> None:
    typed = {**DETAILS, "phone": "12345", "consent": "on"}

    response = client.post(CHECKOUT, typed)

    form = response.context["form"]
    html = response.content.decode()
    assert list(form.errors) == ["phone"]
    assert 'id="id_phone_error"' in html
    assert 'aria-describedby="id_phone_error"' in str(form["phone"])
    for kept in ('value="Anna Liepa"', 'value="12345"', 'value="Rīga"'):
        assert kept in html
    assert '<option value="lv" selected>' in html
    assert "checked" in str(form["consent"])
    assert "Jā, vēlos saņemt" in html
    assert not Order.objects.exists()
    assert not ConsentRecord.objects.exists()
    assert Cart.objects.get().status == CartStatus.OPEN


@pytest.mark.parametrize(
    ("missing", "field"), [("name", "name"), ("phone", "phone"), ("city", "city")]
)
def test_a_missing_answer_is_asked_for(
    client: Client, basket: Cart, missing: str, field: str
) -> None:
    response = client.post(CHECKOUT, {**DETAILS, missing: ""})

    assert list(response.context["form"].errors) == [field]
    assert not Order.objects.exists()


def test_an_unticked_box_records_no_consent(client: Client, basket: Cart) -> None:
    client.post(CHECKOUT, DETAILS)

    assert Order.objects.count() == 1
    assert not ConsentRecord.objects.exists()


def test_r11_a_ticked_box_keeps_the_exact_wording_and_its_circumstances(
    client: Client, basket: Cart
) -> None:
    # The page was read in Latvian; the language has since changed in another tab.
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"

    client.post(
        CHECKOUT,
        {**DETAILS, "consent": "on"},
        REMOTE_ADDR="192.0.2.7",
        HTTP_USER_AGENT="Browser/1.0",
    )

    record = ConsentRecord.objects.get()
    assert record.wording == consent.WORDINGS["lv-1"].text
    assert record.wording_language == "lv"
    assert record.method == "web_form"
    assert record.evidence["form"] == "checkout"
    assert record.evidence["checkbox_default"] == "unticked"
    assert record.evidence["url"] == "http://testserver/checkout/"
    assert record.personal["ip"] == "192.0.2.7"
    assert record.personal["user_agent"] == "Browser/1.0"
    contact = Contact.objects.get(phone="+37120000001")
    assert (contact.first_name, contact.last_name) == ("Anna", "Liepa")
    assert (contact.city, contact.language) == ("Rīga", "lv")


@pytest.mark.parametrize("wording", ["", "lv-0", "made up"])
def test_nobody_agrees_to_a_wording_that_we_do_not_know(
    client: Client, basket: Cart, wording: str
) -> None:
    response = client.post(
        CHECKOUT, {**DETAILS, "wording": wording, "consent": "on", "language": "ru"}
    )

    form = response.context["form"]
    assert list(form.errors) == ["consent"]
    assert "checked" not in str(form["consent"])
    assert form["wording"].value() == "en-1"
    assert not Order.objects.exists()


def test_an_unknown_language_reads_the_english_wording() -> None:
    assert consent.current_wording("de").language == "en"
    assert consent.current_wording("lv-LV").language == "lv"


def test_one_cart_makes_one_order(client: Client, basket: Cart) -> None:
    details = {"name": "A", "phone": "+37120000001", "city": "Rīga", "language": "lv"}

    first = place_order(basket, **details)
    again = place_order(basket, **details)

    assert first == again
    assert Order.objects.count() == 1


def test_an_empty_cart_is_not_ordered(client: Client, basket: Cart) -> None:
    basket.lines.all().delete()

    response = client.get(CHECKOUT, follow=True)

    assert response.redirect_chain == [(reverse("shop:cart"), 302)]
    with pytest.raises(EmptyCart):
        place_order(basket, name="A", phone="+37120000001", city="", language="lv")
    assert not Order.objects.exists()


def test_a_stranger_with_a_known_number_learns_and_changes_nothing(
    client: Client, basket: Cart, soap: Product
) -> None:
    owner = Customer.objects.create(
        name="Anna Liepa", phone="+37120000001", language="lv"
    )
    stranger = Client()
    add = reverse("shop:add-to-cart", args=[soap.slug])
    stranger.post(add)

    stranger.post(CHECKOUT, {**DETAILS, "name": "Zloba", "language": "ru"})

    owner.refresh_from_db()
    assert (owner.name, owner.language, owner.city) == ("Anna Liepa", "lv", "Rīga")
    assert Order.objects.get().customer == owner
    stranger.post(add)
    html = stranger.get(CHECKOUT).content.decode()
    assert "Zloba" in html
    assert "Anna" not in html


def test_a_buyer_who_comes_back_finds_the_answers_filled_in(
    client: Client, basket: Cart, soap: Product
) -> None:
    client.post(CHECKOUT, DETAILS)
    client.post(reverse("shop:add-to-cart", args=[soap.slug]))

    form = client.get(CHECKOUT).context["form"]

    assert form["name"].value() == "Anna Liepa"
    assert form["phone"].value() == "+37120000001"
    cart = Cart.objects.get(status=CartStatus.OPEN)
    assert (cart.phone, cart.language) == ("+37120000001", "lv")
    assert cart.customer == Customer.objects.get()

    client.post(CHECKOUT, {**DETAILS, "city": "Talsi"})
    assert Customer.objects.get().city == "Rīga"
    assert Order.objects.first().city == "Talsi"


def test_a_kept_basket_has_number_and_consent(client: Client, basket: Cart) -> None:
    client.post(
        "/cart/keep/", {"phone": "20000001", "wording": "ru-1", "consent": "on"}
    )

    cart = Cart.objects.get()
    assert (cart.phone, cart.language) == ("+37120000001", "ru")
    assert ConsentRecord.objects.get().evidence["form"] == "keep-cart"


def test_a_basket_kept_for_another_number_leaves_its_customer(
    client: Client, basket: Cart, soap: Product
) -> None:
    client.post(CHECKOUT, DETAILS)
    client.post(reverse("shop:add-to-cart", args=[soap.slug]))
    kept = {"phone": "20000001", "wording": "lv-1", "consent": "on"}

    client.post("/cart/keep/", kept)
    assert Cart.objects.get(status=CartStatus.OPEN).customer is not None

    client.post("/cart/keep/", {**kept, "phone": "20000002"})
    cart = Cart.objects.get(status=CartStatus.OPEN)
    assert (cart.phone, cart.customer) == ("+37120000002", None)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"phone": "20000001", "wording": "en-1"}, "consent"),
        ({"phone": "123", "wording": "en-1", "consent": "on"}, "phone"),
        ({"phone": "20000001", "wording": "en-9", "consent": "on"}, "consent"),
    ],
)
def test_a_basket_is_not_kept_without_a_number_and_consent(
    client: Client, basket: Cart, typed: dict[str, str], field: str
) -> None:
    response = client.post("/cart/keep/", typed)

    assert list(response.context["form"].errors) == [field]
    assert Cart.objects.get().phone == ""
    assert not ConsentRecord.objects.exists()


def test_without_a_basket_there_is_nothing_to_keep(client: Client, db: None) -> None:
    response = client.post("/cart/keep/", {"phone": "20000001", "consent": "on"})

    assert response.status_code == 302
    assert not ConsentRecord.objects.exists()
