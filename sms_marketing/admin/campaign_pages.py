"""How far a campaign has come, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from sms_marketing import campaigns, reports
from sms_marketing.admin import columns
from sms_marketing.admin.campaign_actions import buttons, get, page
from sms_marketing.core import clock
from sms_marketing.models import Campaign, CampaignStatus, MessageStatus

VIEW = "sms_marketing.view_campaign"
CHANGE = "sms_marketing.change_campaign"

#: Nothing moves any more by itself: the page stops asking.
AT_REST = (
    CampaignStatus.DRAFT,
    CampaignStatus.FINISHED,
    CampaignStatus.CANCELED,
)


#: So long after its end, no purchase says nothing about a campaign.
TOO_EARLY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCount:
    """How many messages stand where."""

    badge: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The figures of the progress page, in words."""

    percent: int
    done: int
    total: int
    statuses: list[StatusCount]
    pace: str
    #: Nothing will change by itself any more.
    is_at_rest: bool


def urls(site: AdminSite) -> list[URLPattern]:
    """The pages and the piece that the progress page asks for again and again."""

    def at(
        address: str,
        name: str,
        view: Callable[[HttpRequest, int, AdminSite], HttpResponse],
    ) -> URLPattern:
        def bound(request: HttpRequest, pk: int) -> HttpResponse:
            return view(request, pk, site)

        wrapped = site.admin_view(require_safe(bound))
        return path(
            f"<int:pk>/{address}/", wrapped, name=f"sms_marketing_campaign_{name}"
        )

    return [
        at("progress", "progress", progress_view),
        at("progress/now", "progress_now", progress_piece_view),
        at("report", "report", report_view),
    ]


def progress_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """How far it has come; a small script keeps it fresh, a link does without."""
    campaign = get_to_see(request, pk)
    now = progress_of(campaign)
    title = _("Progress")
    return page(request, campaign, site, "progress", title=title, progress=now)


def progress_piece_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """The part of the progress page that changes."""
    campaign = get_to_see(request, pk)
    context = {
        "campaign": campaign,
        "progress": progress_of(campaign),
        "buttons": buttons(campaign, request.user),
        "status": columns.badge(campaign.status, campaign.get_status_display()),
    }
    return render(request, "sms_marketing/admin/campaign_progress.html", context)


def report_view(request: HttpRequest, pk: int, site: AdminSite) -> HttpResponse:
    """The funnel, why some got nothing, what it cost and what came back."""
    campaign = get_to_see(request, pk)
    report = reports.campaign_report(campaign)
    costs = [columns.money(cost.amount, cost.currency) for cost in report.costs]
    return page(
        request,
        campaign,
        site,
        "report",
        title=_("Report"),
        report=report,
        chart=reports.bars(
            report.funnel, title=gettext("From the segment to the sale")
        ),
        steps=[(step, columns.percent(step.share)) for step in report.funnel],
        cost=" + ".join(costs) or columns.money(report.cost, report.currency),
        revenue=columns.money(report.revenue, report.currency),
        roi=_return(campaign, report),
    )


def get_to_see(request: HttpRequest, pk: int) -> Campaign:
    """The campaign, for those who may view it; who may edit may view."""
    permission = CHANGE if request.user.has_perm(CHANGE) else VIEW
    return get(request, pk, permission=permission)


def progress_of(campaign: Campaign) -> Progress:
    """Ask the room, and say it in words."""
    found = campaigns.progress(campaign)
    is_launching = campaign.status == CampaignStatus.LAUNCHING
    is_settled = not found.counts.get(MessageStatus.UNCONFIRMED)
    return Progress(
        percent=found.launched_percent if is_launching else found.percent,
        done=found.done,
        total=found.total,
        statuses=[
            StatusCount(
                badge=columns.badge(status, str(MessageStatus(status).label)),
                count=found.counts[status],
            )
            for status in MessageStatus.values
            if status in found.counts
        ],
        pace=_pace(campaign, found),
        is_at_rest=campaign.status in AT_REST and is_settled,
    )


def _return(campaign: Campaign, report: reports.Report) -> str:
    if report.roi is None:
        return gettext("n/a")
    if not report.orders and _is_fresh(campaign):
        return gettext("too early")
    return columns.percent(report.roi)


def _is_fresh(campaign: Campaign) -> bool:
    # People need a while to buy: "−100 %" on the same day would be no news.
    ended = campaign.finished_at
    return ended is None or clock.now() - ended < TOO_EARLY


def _pace(campaign: Campaign, found: campaigns.Progress) -> str:
    if campaign.status == CampaignStatus.LAUNCHING:
        return gettext("The audience is being written down; sending starts after it.")
    if campaign.status == CampaignStatus.PAUSED:
        return campaign.halt_reason or gettext("Paused: what is queued waits.")
    if campaign.status == CampaignStatus.SCHEDULED:
        return gettext("Starts %s.") % columns.local(campaign.due_at)
    if campaign.status != CampaignStatus.SENDING:
        return campaign.halt_reason
    if found.eta_seconds is None:
        return gettext("Waiting for a worker, or for the allowed hours.")
    if not found.eta_seconds:
        return gettext("Nothing is left to send; it is closed in a moment.")
    minutes = max(1, round(found.eta_seconds / 60))
    left = ngettext("about %d minute left", "about %d minutes left", minutes) % minutes
    pace = gettext("%(pace).1f a second, %(left)s")
    return pace % {"pace": found.per_second, "left": left}
