"""The shop's addresses; tokens in them are unguessable."""

from __future__ import annotations

from django.urls import path

from example_project.shop import views

app_name = "shop"

urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("product/<slug:slug>/", views.product, name="product"),
    path("cart/", views.cart, name="cart"),
    path("cart/add/<slug:slug>/", views.add_to_cart, name="add-to-cart"),
    path("cart/set/<slug:slug>/", views.set_quantity, name="set-quantity"),
    path("cart/keep/", views.keep_cart, name="keep-cart"),
    path("cart/<str:token>/", views.shared_cart, name="shared-cart"),
    path("checkout/", views.checkout, name="checkout"),
    path("thank-you/<str:token>/", views.thank_you, name="thank-you"),
    path("order/<str:token>/", views.order, name="order"),
]
