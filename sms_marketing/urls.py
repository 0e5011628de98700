"""Addresses of the package: webhooks of providers, short links, the opt-out page."""

from __future__ import annotations

from django.urls import include, path

from sms_marketing.views import links, opt_out

app_name = "sms_marketing"

urlpatterns = [
    path("webhooks/", include("sms_marketing.webhooks.urls")),
    path("o/<str:token>", opt_out.page, name="opt-out"),
    # Last: a token is 12 letters and digits, so that it can never hide another address.
    path("<slug:token>", links.follow, name="link"),
]
