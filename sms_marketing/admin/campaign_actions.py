"""What people do with a campaign: test, schedule, launch, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sms_marketing import campaigns
from sms_marketing.admin import columns
from sms_marketing.admin.campaign_preview import (
    draft_of_saved,
    look_at_audience,
    look_at_message,
)
from sms_marketing.admin.campaign_trial import TrialForm
from sms_marketing.exceptions import InvalidTransition, NotSendable
from sms_marketing.models import Campaign, CampaignStatus

SEND = "sms_marketing.send_campaign"
ADD = "sms_marketing.add_campaign"

#: Real messages shown before a launch.
FIRST_MESSAGES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """One thing that may be done now: a page that asks first, or a plain POST."""

    name: str
    label: str
    url: str
    asks_first: bool
    is_main: bool = False


def buttons(campaign: Campaign, user: Any) -> Sequence[Button]:
    """What this person may do with the campaign as it stands."""
    if not user.has_perm(SEND):
        return []
    status, planned = campaign.status, campaign.schedule != Campaign.Schedule.NOW
    offers = [
        ("test", _("Send a test…"), campaign.is_editable, True),
        ("schedule", _("Schedule…"), status == CampaignStatus.DRAFT and planned, True),
        (
            "launch",
            _("Launch…"),
            status == CampaignStatus.DRAFT and not planned,
            True,
        ),
        (
            "unschedule",
            _("Take off the schedule"),
            status == CampaignStatus.SCHEDULED,
            False,
        ),
        ("pause", _("Pause"), status == CampaignStatus.SENDING, False),
        ("resume", _("Resume"), status == CampaignStatus.PAUSED, False),
        (
            "cancel",
            _("Cancel…"),
            CampaignStatus.CANCELED in campaigns.MOVES[status],
            True,
        ),
    ]
    return [
        Button(
            name=name,
            label=str(label),
            url=url_of(name, campaign),
            asks_first=asks_first,
            is_main=name in {"launch", "schedule", "resume"},
        )
        for name, label, is_offered, asks_first in offers
        if is_offered
    ]


def url_of(name: str, campaign: Campaign) -> str:
    """The address of a page or an action of a campaign."""
    return reverse(f"admin:sms_marketing_campaign_{name}", args=[campaign.pk])


def urls(site: AdminSite) -> list[URLPattern]:
    """Every action; those that ask first answer GET with their question."""

    def at(name: str, view: Callable[..., HttpResponse]) -> URLPattern:
        wrapped = site.admin_view(view)
        return path(f"<int:pk>/{name}/", wrapped, name=f"sms_marketing_campaign_{name}")

    def ask(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        return lambda request, pk: view(request, pk, site)

    return [
        at("test", ask(test_view)),
        at("schedule", ask(schedule_view)),
        at("launch", ask(launch_view)),
        at("cancel", ask(cancel_view)),
        at("unschedule", require_POST(unschedule_view)),
        at("pause", require_POST(pause_view)),
        at("resume", require_POST(resume_view)),
        at("duplicate", require_POST(duplicate_view)),
    ]


def launch_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Show the exact funnel, the price and the first messages; a POST launches."""
    campaign = get(request, pk)
    if request.method != "POST":
        return _confirm_sending(request, campaign, site, "launch", _("Launch"))
    return _do(request, campaign, campaigns.launch, _("Launched."))


def schedule_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """The same for a campaign that starts by itself at its time."""
    campaign = get(request, pk)
    if request.method != "POST":
        return _confirm_sending(request, campaign, site, "schedule", _("Schedule"))
    done = _("Scheduled: it will start by itself.")
    return _do(request, campaign, campaigns.schedule, done)


def cancel_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Ask, then give up what has not left yet."""
    campaign = get(request, pk)
    if request.method != "POST":
        return page(request, campaign, site, "confirm_cancel", title=_("Cancel"))
    done = _("Canceled: nothing more is sent.")
    return _do(request, campaign, campaigns.cancel, done)


def test_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """Ask for a number, then send the text as it is kept to it."""
    campaign = get(request, pk)
    posted = request.POST if request.method == "POST" else None
    form = TrialForm(draft_of_saved(campaign), posted, initial=request.GET.dict())
    if posted is not None and form.send(by=request.user):  # type: ignore[arg-type]
        messages.success(request, _("The test is on its way."))
        return redirect(home(campaign))
    return page(request, campaign, site, "test", title=_("Send a test"), form=form)


def unschedule_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Make it a draft again."""
    return _do(request, get(request, pk), campaigns.unschedule, _("It is a draft now."))


def pause_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop for a while."""
    done = _("Paused: what is queued waits.")
    return _do(request, get(request, pk), campaigns.pause, done)


def resume_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on."""
    return _do(request, get(request, pk), campaigns.resume, _("It goes on."))


def duplicate_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a draft with the same audience and texts, and open it."""
    campaign = get(request, pk, permission=ADD)
    name = gettext("%s (copy)") % campaign.name[:110]
    copy = campaigns.duplicate(campaign, name=name, by=request.user)  # type: ignore[arg-type]
    messages.success(request, gettext("A copy, ready to be changed."))
    return redirect(url_of("change", copy))


def get(request: HttpRequest, pk: int, *, permission: str = SEND) -> Campaign:
    """The campaign, if this person may do what they want with it."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    found = Campaign.objects.select_related("brand", "sender")
    return get_object_or_404(found, pk=pk)


def page(
    request: HttpRequest,
    campaign: Campaign,
    site: AdminSite,
    template: str,
    *,
    title: Any,
    **context: Any,
) -> HttpResponse:
    """A page about a campaign within the admin."""
    return render(
        request,
        f"admin/sms_marketing/campaign/{template}.html",
        {
            **site.each_context(request),
            "opts": Campaign._meta,
            "title": title,
            "subtitle": str(campaign),
            "campaign": campaign,
            "status": columns.badge(campaign.status, campaign.get_status_display()),
            "buttons": buttons(campaign, request.user),
            **context,
        },
    )


def home(campaign: Campaign) -> str:
    """Where a campaign is looked at: its editor, or how far it has come."""
    return url_of("change" if campaign.is_editable else "progress", campaign)


def _confirm_sending(
    request: HttpRequest, campaign: Campaign, site: AdminSite, act: str, title: Any
) -> HttpResponse:
    draft = draft_of_saved(campaign)
    message = look_at_message(draft, {})
    return page(
        request,
        campaign,
        site,
        "confirm_sending",
        title=title,
        act=act,
        audience=look_at_audience(draft, message.tabs),
        first=campaigns.preview_samples(campaign, n=FIRST_MESSAGES),
        message=message,
    )


def _do(
    request: HttpRequest,
    campaign: Campaign,
    act: Callable[[Campaign], object],
    done: Any,
) -> HttpResponse:
    try:
        act(campaign)
        messages.success(request, done)
    except NotSendable as refusal:
        for reason in refusal.reason.splitlines():
            messages.error(request, reason)
    except InvalidTransition as refusal:
        messages.error(request, str(refusal))
    campaign.refresh_from_db()
    return redirect(home(campaign))
