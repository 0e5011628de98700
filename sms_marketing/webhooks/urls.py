"""One address for each provider alias; the kind says what the vendor brings.

Behind it may stand the secret of a vendor that can prove itself in no other way.
"""

from __future__ import annotations

from django.urls import path

from sms_marketing.webhooks import views

urlpatterns = [
    path("<str:alias>/receipts", views.receipts, name="webhook-receipts"),
    path("<str:alias>/inbound", views.inbound, name="webhook-inbound"),
    path("<str:alias>/receipts/<str:secret>", views.receipts),
    path("<str:alias>/inbound/<str:secret>", views.inbound),
]
