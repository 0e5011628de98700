"""Campaigns: write, see, test, send, watch."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sms_marketing import campaigns, sending
from sms_marketing.admin import campaign_actions, campaign_pages, columns
from sms_marketing.admin.campaign_form import CampaignForm
from sms_marketing.admin.campaign_preview import (
    Draft,
    draft_of,
    draft_of_saved,
    look_at_audience,
    look_at_message,
)
from sms_marketing.admin.campaign_trial import query_of
from sms_marketing.admin.screens import Screen
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Message,
    MessageStatus,
    Variant,
)

#: The carrier took it, whatever came of it.
TAKEN = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.EXPIRED,
)

#: Where a button of the form leads once it has saved.
ONWARD = ("test", "schedule", "launch")


@admin.register(Campaign)
class CampaignAdmin(Screen[Campaign]):
    """One page to write it; three permissions: to see, to edit, to send."""

    list_display = [
        *("name", "status_badge", "audience", "sent", "delivered", "when"),
    ]
    list_filter = ["status", "brand"]
    search_fields = ["name"]
    ordering = ["-id"]
    list_select_related = ["brand"]
    form = CampaignForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Campaign]:
        found = super().get_queryset(request)
        if not _is_list(request):
            return found
        return found.prefetch_related("segments").annotate(
            sent_count=_count(*TAKEN), delivered_count=_count(MessageStatus.DELIVERED)
        )

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: Any = None
    ) -> Campaign | None:
        """While it is being saved nobody launches it: an old status is not put back."""
        found = super().get_object(request, object_id, from_field)
        if found and request.method == "POST":
            found = Campaign.objects.select_for_update().get(pk=found.pk)
        return found

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, campaign: Campaign) -> str:
        return columns.badge(campaign.status, campaign.get_status_display())

    @admin.display(description=_("audience"), ordering="audience_count")
    def audience(self, campaign: Campaign) -> str:
        names = ", ".join(str(segment) for segment in campaign.segments.all()) or "—"
        if not campaign.audience_count:
            return names
        return f"{names} · {_number(campaign.audience_count)}"

    @admin.display(description=_("sent"), ordering="sent_count")
    def sent(self, campaign: Campaign) -> str:
        return _number(campaign.sent_count)  # type: ignore[attr-defined]

    @admin.display(description=_("delivered"), ordering="delivered_count")
    def delivered(self, campaign: Campaign) -> str:
        return _number(campaign.delivered_count)  # type: ignore[attr-defined]

    @admin.display(description=_("when"), ordering="launched_at")
    def when(self, campaign: Campaign) -> str:
        return columns.local(campaign.launched_at or campaign.due_at)

    def has_change_permission(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> bool:
        """Until its audience is frozen."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.is_editable)

    def has_delete_permission(
        self, request: HttpRequest, obj: Campaign | None = None
    ) -> bool:
        """Drafts only: what was sent stays on record."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.status == CampaignStatus.DRAFT)

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        # Its fields depend on the row, so Django's factory cannot know them.
        return CampaignForm

    def get_fieldsets(self, request: HttpRequest, obj: Campaign | None = None) -> Any:
        return [(None, {"fields": ["name"]})]  # The template lays the form out.

    def save_model(self, request: Any, obj: Campaign, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
            obj.created_by_name = columns.name_of(request.user)
        super().save_model(request, obj, form, change)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        form.save_texts()
        campaign = form.instance
        if campaign.status == CampaignStatus.SCHEDULED and form.has_changed():
            # Who may edit may not be who may send.
            campaigns.unschedule(campaign)
            text = gettext("It was changed, so it is a draft again: schedule it anew.")
            messages.warning(request, text)

    def response_add(
        self, request: HttpRequest, obj: Campaign, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        onward = _onward(request, obj)
        return onward or super().response_add(request, obj, *args, **kwargs)

    def response_change(self, request: HttpRequest, obj: Campaign) -> HttpResponse:
        return _onward(request, obj) or super().response_change(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        campaign = kwargs.get("obj")
        form = context["adminform"].form
        context["fields"] = sending.known_fields(Variant())
        if campaign:
            context["campaign"] = campaign
            context["status"] = columns.badge(
                campaign.status, campaign.get_status_display()
            )
            context["buttons"] = campaign_actions.buttons(campaign, request.user)
            if not campaign.is_editable:
                context["progress"] = campaign_pages.progress_of(campaign)
        if form.is_bound:
            context.update(_looks(draft_of(form), request.POST))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(require_POST(self.preview_view))
        return [
            path("preview/", preview, name="sms_marketing_campaign_preview"),
            path("<int:pk>/preview/", preview, name="sms_marketing_campaign_preview"),
            *campaign_actions.urls(self.admin_site),
            *campaign_pages.urls(self.admin_site),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """The preview of what is in the form now, as a piece of the page.

        Who may not edit gets the preview of what is kept. ``only=message`` leaves out
        the audience, which takes longer to count than to type a letter.
        """
        campaign = get_object_or_404(Campaign, pk=pk) if pk else None
        if campaign is None and not self.has_add_permission(request):
            raise PermissionDenied
        if campaign and not self.has_view_permission(request, campaign):
            raise PermissionDenied
        if campaign and not self.has_change_permission(request, campaign):
            draft = draft_of_saved(campaign)
        else:
            draft = draft_of(CampaignForm(request.POST, instance=campaign))
        template = "sms_marketing/admin/campaign_look.html"
        return render(request, template, _looks(draft, request.POST))


def _looks(draft: Draft, asked: Any) -> dict[str, Any]:
    message = look_at_message(draft, asked)
    if asked.get("only") == "message":
        return {"message": message}
    return {"message": message, "reach": look_at_audience(draft, message.tabs)}


def _onward(request: HttpRequest, campaign: Campaign) -> HttpResponse | None:
    for name in ONWARD:
        if f"_{name}" in request.POST:
            query = query_of(request.POST) if name == "test" else ""
            return redirect(campaign_actions.url_of(name, campaign) + query)
    return None


def _is_list(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name == "sms_marketing_campaign_changelist"


def _count(*statuses: str) -> Coalesce:
    rows = Message.objects.filter(campaign=OuterRef("pk"), status__in=statuses)
    counted = rows.order_by().values("campaign").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
