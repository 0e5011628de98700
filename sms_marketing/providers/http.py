"""Any vendor with a plain HTTP API, described by OPTIONS alone.

    "OPTIONS": {
        "url": "https://api.vendor.example/messages",
        "auth": {"type": "bearer", "token": "…"},
        "fields": {"to": "{to}", "body": "{text}", "from": "{sender}",
                   "ref": "{reference}", "notify": "{receipt_url}"},
        "id_path": "id",
        "error_path": "error.code",
        "errors": {"bad_number": "invalid_number", "503": "temporary"},
        "callback_proof": {"type": "hmac", "secret": "…", "header": "X-Signature"},
        "receipts": {"reference_path": "ref", "status_path": "state",
                     "statuses": {"DELIVRD": "delivered", "UNDELIV": "undelivered"}},
    }

``http_options.py`` holds every option with its meaning.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sms_marketing.providers import http_callbacks, http_results
from sms_marketing.providers.answers import of_failure
from sms_marketing.providers.base import (
    BaseProvider,
    Inbound,
    Lookup,
    Outbound,
    Receipt,
    SendResult,
    WebhookRequest,
)
from sms_marketing.providers.http_mapping import as_text, fill, values_of
from sms_marketing.providers.http_options import (
    BatchOptions,
    HttpOptions,
    LookupOptions,
    read_options,
)
from sms_marketing.providers.kinds import (
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
)
from sms_marketing.providers.transport import (
    AnyTransport,
    Response,
    Transport,
    TransportError,
)


class HttpProvider(BaseProvider):
    """One vendor by configuration; ``http_options.HttpOptions`` lists the options."""

    code = "http"
    name = "HTTP"
    redacted_keys = frozenset(
        {"headers", "password", "token", "value", "secret", "fields", "shared"}
    )

    def check_options(self) -> None:
        """Read the options once; capabilities follow from them."""
        self._config: HttpOptions = read_options(self.options, self.options_path)
        self.supports_receipts = self._config.callbacks.receipts is not None
        self.supports_inbound = self._config.callbacks.inbound is not None
        self.supports_lookup = self._config.lookup is not None
        self.supports_idempotency = self._config.idempotent
        self.max_batch = self._config.batch.max if self._config.batch else 1
        self.concurrency = self._config.concurrency

    def make_transport(self) -> AnyTransport:
        """The way out, as open as the options allow."""
        return Transport(
            allow_http=self._config.allow_http,
            loopback_only=self._config.loopback_only,
        )

    def send_many(self, batch: Sequence[Outbound]) -> list[SendResult]:
        """Hand over in one call where the vendor has a bulk address."""
        if self._config.batch is None or len(batch) == 1:
            return [self.send_one(outbound) for outbound in batch]
        return self._send_together(batch, self._config.batch)

    def send_one(self, outbound: Outbound) -> SendResult:
        """Hand over one message."""
        config = self._config
        values = values_of(outbound)
        fields = fill(config.fields, values)
        try:
            response = self._call(config.url, fields, fill(config.headers, values))
        except TransportError as error:
            return of_failure(outbound, error)
        return http_results.of_one(outbound, response, config.answer)

    def verify(self, request: WebhookRequest) -> None:
        """Raise ProviderError("forged") unless the request carries the proof."""
        http_callbacks.verify(request, self._config.callbacks.proof)

    def parse_receipts(self, request: WebhookRequest) -> list[Receipt]:
        """Read the receipts where the options say."""
        options = self._config.callbacks.receipts
        return http_callbacks.read_receipts(request, options) if options else []

    def parse_inbound(self, request: WebhookRequest) -> list[Inbound]:
        """Read people's answers where the options say."""
        options = self._config.callbacks.inbound
        return http_callbacks.read_inbound(request, options) if options else []

    def find(self, reference: str) -> Lookup:
        """Ask for our reference; only the vendor's own words make it ``not_known``."""
        options = self._config.lookup
        if options is None:
            return Lookup(outcome=LookupOutcome.UNSUPPORTED)
        url = options.url.replace("{reference}", quote(reference, safe=""))
        try:
            response = self._get(url)
        except TransportError:
            return Lookup(outcome=LookupOutcome.UNANSWERED)
        return _found(reference, response, options)

    def check_credentials(self) -> list[str]:
        """Call ``check_url``, where there is one, and say what is wrong."""
        if not self._config.check_url:
            return []
        try:
            status = self._get(self._config.check_url).status
        except TransportError as error:
            return [error.detail]
        if status in (401, 403):
            return ["The vendor does not accept the credentials."]
        return [] if 200 <= status <= 299 else [f"The vendor answered {status}."]

    def _send_together(
        self, batch: Sequence[Outbound], options: BatchOptions
    ) -> list[SendResult]:
        config = self._config
        items = [fill(config.fields, values_of(outbound)) for outbound in batch]
        body = {**options.shared, options.list_path: items}
        # A header names one message, and this call has many.
        headers = {k: v for k, v in config.headers.items() if "{" not in v}
        try:
            response = self._call(options.url, body, headers)
        except TransportError as error:
            return [of_failure(outbound, error) for outbound in batch]
        results = http_results.of_many(batch, response, config.answer, options)
        if response.status >= 400 and all(map(_is_about_content, results)):
            # Refused as a whole, perhaps because of one bad number (R6).
            return [self.send_one(outbound) for outbound in batch]
        return results

    def _call(
        self, url: str, fields: Mapping[str, Any], headers: Mapping[str, Any]
    ) -> Response:
        config = self._config
        body: bytes | None = None
        sent = {"Accept": "application/json", **headers}
        if config.format == "json":
            body = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode(
                errors="replace"
            )
            sent["Content-Type"] = "application/json"
        else:
            form = urlencode(
                {k: as_text(v) for k, v in fields.items()}, errors="replace"
            )
            if config.format == "form":
                body = form.encode()
                sent["Content-Type"] = "application/x-www-form-urlencoded"
            else:
                url = f"{url}{'&' if '?' in url else '?'}{form}"
        return self.transport.request(
            config.method, url, headers=sent, body=body, timeout=config.timeout
        )

    def _get(self, url: str) -> Response:
        headers = {k: v for k, v in self._config.headers.items() if "{" not in v}
        return self.transport.request(
            "GET",
            url,
            headers={"Accept": "application/json", **headers},
            timeout=self._config.timeout,
        )


def _is_about_content(result: SendResult) -> bool:
    return result.outcome is Outcome.REFUSED and result.error_kind in (
        ErrorKind.REJECTED,
        ErrorKind.INVALID_NUMBER,
    )


def _found(reference: str, response: Response, options: LookupOptions) -> Lookup:
    body = http_results.decoded(response)
    if options.not_found.holds(body):
        return Lookup(outcome=LookupOutcome.NOT_KNOWN)
    status = options.statuses.get(options.status.text(body).casefold())
    if not 200 <= response.status <= 299 or status is None:
        return Lookup(outcome=LookupOutcome.UNANSWERED)
    return Lookup(
        outcome=LookupOutcome.FOUND,
        receipt=Receipt(
            reference=reference,
            provider_message_id=options.id.text(body)[:128],
            status=ReceiptStatus(status),
        ),
    )
