"""What all our screens have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from sms_marketing.admin import columns

M = TypeVar("M", bound=Model)

#: Stands in a screen's lists of columns and fields where the number is to be shown; for
#: people who may see whole numbers `WHOLE_PHONE` takes its place.
PHONE = "masked_phone"
WHOLE_PHONE = "whole_phone"

if TYPE_CHECKING:
    ScreenBase = admin.ModelAdmin
    Inline = admin.TabularInline
    RowForm = forms.ModelForm
else:

    class _Subscriptable:
        """Django's admin classes are generic for the type checker only."""

        def __class_getitem__(cls, item: object) -> type:
            return cls

    class ScreenBase(_Subscriptable, admin.ModelAdmin):
        pass

    class Inline(_Subscriptable, admin.TabularInline):
        pass

    class RowForm(_Subscriptable, forms.ModelForm):
        pass


class Screen(ScreenBase[M]):
    """Our stylesheet, no second count of a big table, numbers masked by permission."""

    list_per_page = 50
    show_full_result_count = False

    class Media:
        css = {"all": ["sms_marketing/admin.css"]}

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return _with_phone(request, super().get_list_display(request))

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        return [
            (title, {**options, "fields": _with_phone(request, options["fields"])})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Who may not see numbers may not find them out by searching either."""
        fields = super().get_search_fields(request)
        if columns.may_see_phones(request):
            return fields
        return [name for name in fields if "phone" not in name]


class ReadOnlyScreen(Screen[M]):
    """Rows that people look at and nobody edits."""

    actions = None

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


def _with_phone(request: HttpRequest, names: Sequence[Any]) -> list[Any]:
    shown = WHOLE_PHONE if columns.may_see_phones(request) else PHONE
    return [shown if name == PHONE else name for name in names]
