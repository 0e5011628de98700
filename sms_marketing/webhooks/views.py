"""One recipe for all vendors: find the provider, verify, parse, store, answer (R7)."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sms_marketing import conversations, sending
from sms_marketing.conf import settings
from sms_marketing.core.queue import nudge
from sms_marketing.exceptions import ProviderError, cause_of
from sms_marketing.providers import BaseProvider, WebhookRequest, get_provider

logger = logging.getLogger(__name__)

Store = Callable[[str, BaseProvider, WebhookRequest], None]


# Some vendors (Kannel) call by GET: authenticated like all others (R8).
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def receipts(request: HttpRequest, alias: str, secret: str = "") -> HttpResponse:
    """Take news of messages that were sent; the provider looks for its secret."""
    return _receive(request, alias, _store_receipts)


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def inbound(request: HttpRequest, alias: str, secret: str = "") -> HttpResponse:
    """Take what people wrote back; the provider looks for its secret."""
    return _receive(request, alias, _store_inbound)


def _receive(request: HttpRequest, alias: str, store: Store) -> HttpResponse:
    if alias not in settings().PROVIDERS:
        return _refusal(404, "no such provider")
    try:
        return _answer(request, alias, store)
    except RequestDataTooBig:
        return _refusal(413, "too long", alias)
    except Exception as error:  # noqa: BLE001  (Django's report would quote the body)
        logger.error("webhook of %s failed: %s", alias, cause_of(error))
        # So that the vendor calls again later.
        return _refusal(500, "not stored", alias)


def _answer(request: HttpRequest, alias: str, store: Store) -> HttpResponse:
    provider = get_provider(alias)
    call = _plain(request)
    try:
        provider.verify(call)
    except ProviderError as error:
        return _refusal(403, "not verified", alias, error)
    try:
        store(alias, provider, call)
    except ProviderError as error:
        return _refusal(400, "not understood", alias, error)
    answer = provider.answer(call)
    return HttpResponse(
        answer.body, status=answer.status, content_type=answer.content_type
    )


def _refusal(
    status: int, why: str, alias: str = "?", error: ProviderError | None = None
) -> HttpResponse:
    logger.warning("webhook of %s %s: %s", alias, why, error.kind if error else status)
    response = HttpResponse(why, status=status, content_type="text/plain")
    # Django would log the path, in which a vendor's secret may stand (R10).
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _store_receipts(alias: str, provider: BaseProvider, call: WebhookRequest) -> None:
    if sending.store_receipts(alias, provider.parse_receipts(call)):
        nudge("fold_receipts")


def _store_inbound(alias: str, provider: BaseProvider, call: WebhookRequest) -> None:
    conversations.store_inbound(alias, provider.parse_inbound(call))


def _plain(request: HttpRequest) -> WebhookRequest:
    """The request as plain values, so that providers know no Django."""
    limit = settings().WEBHOOK_MAX_BYTES
    if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
        raise RequestDataTooBig
    return WebhookRequest(
        method=request.method or "GET",
        path=request.path,
        query=request.GET.dict(),
        headers={name.casefold(): value for name, value in request.headers.items()},
        body=request.body,
        content_type=request.content_type or "",
        remote_addr=request.META.get("REMOTE_ADDR", ""),
    )
