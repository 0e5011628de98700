"""Brands, senders and their prices: what an administrator sets up once."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms_marketing import phones, sending
from sms_marketing.admin import columns
from sms_marketing.admin.screens import Inline, RowForm, Screen
from sms_marketing.conf import settings
from sms_marketing.core import clock
from sms_marketing.exceptions import InvalidPhone
from sms_marketing.models import Brand, Price, Sender
from sms_marketing.timing import Hours, get_zone

#: What carriers take as a sender's name (compliance §1.4).
SENDER_NAME = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9](?:[A-Za-z0-9 ]{1,9})[A-Za-z0-9]")


class BrandForm(RowForm[Brand]):
    """Says what is wrong with hours and zone at their fields."""

    link_base_url = forms.URLField(
        label=_("short link address"),
        help_text=_("As https://vst.lv/s; empty: built from PUBLIC_URL."),
        assume_scheme="https",
        required=False,
    )

    class Meta:
        model = Brand
        fields = [
            *("name", "code", "legal_name", "legal_id", "legal_address"),
            *("contact_email", "languages", "zone", "region", "link_base_url"),
            *("hours", "help_text", "currency"),
            *("click_window_hours", "delivery_window_hours"),
        ]

    def clean_hours(self) -> Any:
        try:
            return Hours.parse(self.cleaned_data["hours"]).to_json()
        except ValueError as error:
            raise ValidationError(str(error)) from error

    def clean_zone(self) -> str:
        zone = str(self.cleaned_data["zone"])
        try:
            get_zone(zone)
        except ValueError as error:
            text = _("Unknown time zone. Write it as Europe/Riga.")
            raise ValidationError(text) from error
        return zone


@admin.register(Brand)
class BrandAdmin(Screen[Brand]):
    """In whose name messages speak."""

    list_display = ["name", "code", "is_default", "zone", "currency"]
    form = BrandForm

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class SenderForm(RowForm[Sender]):
    """Refuses names and numbers that carriers refuse."""

    provider = forms.ChoiceField(label=_("provider"))

    class Meta:
        model = Sender
        fields = [
            *("brand", "kind", "address", "provider", "is_enabled"),
            *("allows_marketing", "allows_transactional", "priority"),
            *("parts_per_second", "daily_cap"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["provider"]
        choice.choices = [(alias, alias) for alias in settings().PROVIDERS]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        address, kind = cleaned.get("address", ""), cleaned.get("kind")
        if kind == Sender.Kind.NAME and not SENDER_NAME.fullmatch(address):
            self.add_error(
                "address",
                _(
                    "3 to 11 letters A–Z, digits and spaces, at least one letter: "
                    "carriers refuse others."
                ),
            )
        if kind == Sender.Kind.NUMBER:
            brand = cleaned.get("brand")
            region = (brand and brand.region) or settings().DEFAULT_REGION
            try:
                cleaned["address"] = phones.normalize(address, region=region or None)
            except InvalidPhone as fault:
                self.add_error("address", gettext(str(fault)))
        return cleaned


class PriceInline(Inline[Price, Sender]):
    """What a part costs, from a day on."""

    model = Price
    extra = 0
    fields = ["country", "amount", "currency", "valid_from"]

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "valid_from":
            # The day by which prices are looked up.
            kwargs["initial"] = lambda: clock.now().date()
        return super().formfield_for_dbfield(db_field, request, **kwargs)


@admin.register(Sender)
class SenderAdmin(Screen[Sender]):
    """From whom messages come."""

    list_display = ["address", "kind", "brand", "provider", "priority", "state"]
    list_select_related = ["brand"]
    form = SenderForm
    inlines = [PriceInline]
    actions = ["halt", "resume"]

    @admin.display(description=_("state"))
    def state(self, sender: Sender) -> str:
        if sender.halted_at:
            return columns.badge("failed", sender.halt_reason)
        if not sender.is_enabled:
            return columns.badge("canceled", str(_("switched off")))
        return columns.badge("sent", str(_("in use")))

    def has_operate_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sms_marketing.operate_sender")

    @admin.action(permissions=["operate"], description=_("Halt: send nothing by it"))
    def halt(self, request: HttpRequest, queryset: QuerySet[Sender]) -> None:
        reason = gettext("halted by %s") % request.user
        done = sum(sending.halt_sender(sender, reason=reason) for sender in queryset)
        messages.success(request, gettext("Halted: %d.") % done)

    @admin.action(permissions=["operate"], description=_("Resume what is halted"))
    def resume(self, request: HttpRequest, queryset: QuerySet[Sender]) -> None:
        done = sum(sending.resume_sender(sender) for sender in queryset)
        messages.success(request, gettext("They send again: %d.") % done)

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        for price in formset.save(commit=False):
            price.brand = form.instance.brand
            price.save()
        for price in formset.deleted_objects:
            price.delete()
