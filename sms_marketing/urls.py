"""Addresses of the package: webhooks of providers, short links, the opt-out page."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

app_name = "sms_marketing"

urlpatterns: list[URLPattern | URLResolver] = []
