"""Where all stands: the shop at /, the admin at /admin/, the library at /sms/."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sms/", include("sms_marketing.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("example_project.shop.urls")),
]
