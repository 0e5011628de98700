"""Contacts: who they are, what they agreed to, what they were sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from sms_marketing import contacts
from sms_marketing.admin import columns
from sms_marketing.admin.screens import PHONE, Inline, ReadOnlyScreen, Screen
from sms_marketing.models import (
    Brand,
    ConsentRecord,
    ConsentState,
    Contact,
    ContactIdentity,
    ContactTag,
    Suppression,
    SuppressionReason,
)


class ConsentInline(Inline[ConsentState, Contact]):
    """What the contact's number may be sent now."""

    model = ConsentState
    extra = 0
    can_delete = False
    fields = ["brand", "channel", "topic", "status", "since"]
    readonly_fields = ["brand", "channel", "topic", "status", "since"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class TagInline(Inline[ContactTag, Contact]):
    """Interests and tags; as many as there are."""

    model = ContactTag
    extra = 0
    fields = ["kind", "label"]


class IdentityInline(Inline[ContactIdentity, Contact]):
    """Who the contact is in the site's own tables."""

    model = ContactIdentity
    extra = 0
    can_delete = False
    fields = ["source", "external_id"]
    readonly_fields = ["source", "external_id"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Contact)
class ContactAdmin(Screen[Contact]):
    """Edited like any row, but never deleted: erasing blanks it."""

    list_display = [PHONE, "full_name", "consent", "city", "language", "created_at"]
    list_filter = ["language", "country", "is_restricted"]
    search_fields = ["phone__startswith", "first_name", "last_name", "email"]
    search_help_text = _("The number from its beginning (+371…), a name or an e-mail")
    ordering = ["-id"]
    actions = None
    inlines = [ConsentInline, TagInline, IdentityInline]
    fieldsets = [
        (None, {"fields": [PHONE, "first_name", "last_name", "email", "language"]}),
        (_("Place"), {"fields": ["country", "region", "city", "postcode", "zone"]}),
        (_("More"), {"fields": ["birth_date", "attributes", "is_restricted"]}),
        (
            _("History"),
            {"fields": ["consent_history", "recent_messages", "recent_replies"]},
        ),
    ]
    readonly_fields = [
        "whole_phone",
        "masked_phone",
        "consent_history",
        "recent_messages",
        "recent_replies",
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        states = ConsentState.objects.filter(topic="").select_related("brand")
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("consent_states", states, to_attr="states"))
        )

    @admin.display(description=_("phone"), ordering="phone")
    def whole_phone(self, contact: Contact) -> str:
        return contact.phone or "—"

    @admin.display(description=_("phone"), ordering="phone")
    def masked_phone(self, contact: Contact) -> str:
        return columns.masked(contact.phone)

    @admin.display(description=pgettext_lazy("person", "name"), ordering="last_name")
    def full_name(self, contact: Contact) -> str:
        return contact.full_name or "—"

    @admin.display(description=_("consent"))
    def consent(self, contact: Contact) -> str:
        states = getattr(contact, "states", [])
        if not states:
            return columns.badge("unknown", gettext("unknown"))
        return columns.badge(states[0].status, states[0].get_status_display())

    @admin.display(description=_("consent ledger"))
    def consent_history(self, contact: Contact) -> str:
        records = contact.consent_records.order_by("-id")[:20]
        rows = [
            (record.occurred_at, record.get_status_display(), record.wording)
            for record in records
        ]
        return columns.lines(rows)

    @admin.display(description=_("messages"))
    def recent_messages(self, contact: Contact) -> str:
        sent = contact.messages.select_related("campaign").order_by("-id")[:20]
        rows = [
            (
                message.sent_at or message.due_at,
                message.get_status_display(),
                message.get_skip_reason_display()
                or str(message.campaign or message.get_category_display()),
            )
            for message in sent
        ]
        return columns.lines(rows)

    @admin.display(description=_("replies"))
    def recent_replies(self, contact: Contact) -> str:
        replies = contact.inbound_messages.order_by("-id")[:20]
        rows = [
            (reply.received_at, reply.get_action_display(), "") for reply in replies
        ]
        return columns.lines(rows)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Contacts come with their consent: from the site, an import or the API."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_formset(self, request: Any, form: Any, formset: Any, change: bool) -> None:
        for tag in formset.save(commit=False):
            tag.key = contacts.key_of(tag.label)
            tag.save()
        for tag in formset.deleted_objects:
            tag.delete()

    def save_model(self, request: Any, obj: Contact, form: Any, change: bool) -> None:
        obj.city_key = contacts.key_of(obj.city)
        obj.region_key = contacts.key_of(obj.region)
        super().save_model(request, obj, form, change)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path(
                "<int:pk>/opt-out/",
                wrap(self.opt_out_view),
                name="sms_marketing_contact_opt_out",
            ),
            path(
                "<int:pk>/erase/",
                wrap(self.erase_view),
                name="sms_marketing_contact_erase",
            ),
        ]
        return own + super().get_urls()

    def opt_out_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Staff withdraws consent for a person who asked them to."""
        contact = self._get(request, pk, "sms_marketing.change_contact")
        if request.method != "POST" or not contact.phone:
            return self._confirm(request, contact, gettext("Stop advertising to"))
        contacts.opt_out(
            contact.phone,
            method="staff",
            reason=SuppressionReason.STAFF,
            brand=Brand.objects.get_default(),
            actor=columns.name_of(request.user),
        )
        messages.success(request, gettext("No advertising is sent to them any more."))
        return self._back(contact)

    def erase_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Erase a person for good; the number stays suppressed by its keyed hash."""
        contact = self._get(request, pk, "sms_marketing.erase_contact")
        if request.method != "POST":
            return self._confirm(request, contact, gettext("Erase for good"))
        contacts.erase(contact, by=request.user)
        messages.success(request, gettext("Erased. The number stays suppressed."))
        return self._back(contact)

    def _get(self, request: HttpRequest, pk: int, permission: str) -> Contact:
        if not request.user.has_perm(permission):
            raise PermissionDenied
        return get_object_or_404(Contact, pk=pk)

    def _confirm(
        self, request: HttpRequest, contact: Contact, title: str
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "contact": contact,
            "opts": self.opts,
        }
        page = "admin/sms_marketing/contact/confirm.html"
        return render(request, page, context)

    def _back(self, contact: Contact) -> HttpResponse:
        return redirect(
            reverse("admin:sms_marketing_contact_change", args=[contact.pk])
        )


@admin.register(ConsentRecord)
class ConsentRecordAdmin(ReadOnlyScreen[ConsentRecord]):
    """The ledger, as evidence: to be read, never written."""

    list_display = [
        "occurred_at",
        "contact",
        "brand",
        "status_badge",
        "method",
        "topic",
        "actor",
    ]
    list_filter = ["status", "method", "brand"]
    ordering = ["-id"]
    list_select_related = ["contact", "brand"]
    fields = [
        *("occurred_at", "recorded_at", "brand", "contact", "status", "channel"),
        *("topic", "method", "wording", "wording_language", "evidence", "actor"),
        *("sequence", "key_id", "personal_digest", "previous_mac", "mac"),
    ]

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, record: ConsentRecord) -> str:
        return columns.badge(record.status, record.get_status_display())


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyScreen[Suppression]):
    """Numbers that are not sent to, and why."""

    list_display = ["contact", "brand", "scope", "reason", "created_at", "lifted_at"]
    list_filter = ["scope", "reason", "brand"]
    ordering = ["-id"]
    list_select_related = ["contact", "brand"]
