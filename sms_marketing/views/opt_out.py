"""The opt-out page: a GET shows one button, only its POST acts (R8). No log-in."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sms_marketing import contacts, text
from sms_marketing.conf import settings
from sms_marketing.models import (
    ConsentMethod,
    Message,
    SuppressionReason,
    SuppressionScope,
)
from sms_marketing.views.links import private

SCOPES = {
    "marketing": SuppressionScope.MARKETING,
    "all": SuppressionScope.ALL_BUT_OTP,
}


# The token is the proof: whoever forged a press would have to know it. A CSRF token
# would need a cookie, which message apps often refuse, and an Origin, which browsers
# hide because of our no-referrer: Django then refuses the press.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the brand and the button in the recipient's language; act on POST."""
    message = _find_message(token)
    if message is None:
        return private(render(request, "sms_marketing/link_gone.html", status=404))
    with translation.override(message.language or message.brand.fallback_language):
        done = request.method == "POST" and _opt_out(request, message)
        context = {"brand": message.brand, "done": done}
        return private(render(request, "sms_marketing/opt_out.html", context))


def _find_message(token: str) -> Message | None:
    found = text.read_token(token, keys=settings().LINK_KEYS)
    if found is None or found.position != text.OPT_OUT_POSITION:
        return None
    return (
        Message.objects.select_related("brand", "contact")
        .filter(pk=found.message_id)
        .first()
    )


def _opt_out(request: HttpRequest, message: Message) -> bool:
    # Retention blanks the copy; an erased contact has no number left either, and is
    # suppressed for good already.
    phone = message.to_phone or message.contact.phone
    if phone:
        contacts.opt_out(
            phone,
            method=ConsentMethod.LINK,
            scope=SCOPES.get(request.POST.get("scope", ""), SuppressionScope.MARKETING),
            reason=SuppressionReason.LINK,
            brand=message.brand,
            evidence={"message": message.pk, "path": "opt-out page"},
            personal={
                "ip": request.META.get("REMOTE_ADDR", ""),
                "user_agent": request.headers.get("User-Agent", "")[:300],
            },
        )
    return True
