"""Short links: count the visit, then lead to where the marketer pointed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from sms_marketing import events, sending, text
from sms_marketing.conf import settings


@require_safe
def follow(request: HttpRequest, token: str) -> HttpResponse:
    """Redirect to the link's target; no open redirect: the address is our own row.

    Machines are answered like people (cloaking trips carriers' filters) and only
    marked as such in the visit that is kept.
    """
    found = text.read_token(token, keys=settings().LINK_KEYS)
    if found is None:
        return _gone(request)
    if found.position == text.OPT_OUT_POSITION:
        return redirect("sms_marketing:opt-out", token=token)
    target = sending.find_link_target(found.message_id, position=found.position)
    if target is None:
        return _gone(request)
    events.record_click(
        message=target.message,
        link=target.link,
        method=request.method or "GET",
        headers=dict(request.headers),
        ip=request.META.get("REMOTE_ADDR"),
    )
    return private(HttpResponseRedirect(target.url))


def _gone(request: HttpRequest) -> HttpResponse:
    return private(render(request, "sms_marketing/link_gone.html", status=404))


def private(response: HttpResponse) -> HttpResponse:
    """Keep a personal address out of caches, search engines and referrers."""
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
