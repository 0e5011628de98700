"""Every option of the generic HTTP provider: what it means, and what it may be."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sms_marketing.providers.addresses import address_fault
from sms_marketing.providers.http_callback_options import (
    CallbackOptions,
    ReceiptOptions,
    read_callbacks,
)
from sms_marketing.providers.http_mapping import (
    PLACEHOLDERS,
    Condition,
    Path,
    placeholders_in,
    read_condition,
)
from sms_marketing.providers.kinds import ErrorKind, ReceiptStatus
from sms_marketing.providers.options import OptionReader
from sms_marketing.providers.transport import READ_TIMEOUT

FORMATS = ("json", "form", "query")
METHODS = ("POST", "GET", "PUT")
# A header may name the message, not carry its text or number: headers reach logs.
_HEADER_PLACEHOLDERS = {"reference", "message_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOptions:
    """How many messages travel in one call, and how the results are told apart."""

    url: str
    list_path: str
    max: int
    shared: Mapping[str, Any]
    results: Path
    result_reference: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOptions:
    """Where the vendor's answer says what."""

    statuses: frozenset[int]
    """HTTP statuses of success; empty: any from 200 to 299."""
    success: Condition | None
    id: Path
    error: Path
    errors: Mapping[str, ErrorKind]
    """By the vendor's code, casefolded, or else by the HTTP status as text."""
    retry_after: Path
    parts: Path
    price: Path
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupOptions:
    """How the vendor is asked for our reference."""

    url: str
    status: Path
    statuses: Mapping[str, ReceiptStatus]
    id: Path
    not_found: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """All of it, checked."""

    url: str
    method: str
    format: str
    headers: Mapping[str, str]
    fields: Mapping[str, Any]
    answer: AnswerOptions
    batch: BatchOptions | None
    callbacks: CallbackOptions
    lookup: LookupOptions | None
    check_url: str
    timeout: float
    concurrency: int
    idempotent: bool
    allow_http: bool
    loopback_only: bool


def read_options(values: object, where: str) -> HttpOptions:
    """Check OPTIONS; raises ConfigurationError naming the first one that is wrong."""
    reader = OptionReader(values, where)
    allow_http = reader.flag("allow_http")
    loopback_only = reader.flag("loopback_only")
    addresses = _Addresses(allow_http=allow_http, loopback_only=loopback_only)
    body_format = reader.choice("format", FORMATS, "json")
    errors = reader.translation("errors", ErrorKind)
    callbacks = read_callbacks(reader, errors)
    options = HttpOptions(
        url=addresses.read(reader, "url"),
        method=reader.choice(
            "method", METHODS, "GET" if body_format == "query" else "POST"
        ),
        format=body_format,
        headers=_read_headers(reader),
        fields=_read_fields(reader, body_format),
        answer=_read_answer(reader, errors),
        batch=_read_batch(reader, addresses, body_format),
        callbacks=callbacks,
        lookup=_read_lookup(reader, addresses, callbacks.receipts),
        check_url=addresses.read(reader, "check_url", default=""),
        timeout=reader.number("timeout", READ_TIMEOUT, low=0.05, high=300),
        concurrency=int(reader.number("concurrency", 0, low=0, high=1024)),
        idempotent=reader.flag("idempotent"),
        allow_http=allow_http,
        loopback_only=loopback_only,
    )
    reader.finish()
    if options.idempotent and "reference" not in placeholders_in(
        [options.fields, options.headers]
    ):
        raise reader.wrong(
            "idempotent", "needs {reference} in fields or headers as the vendor's key"
        )
    return options


@dataclass(frozen=True, slots=True, kw_only=True)
class _Addresses:
    allow_http: bool
    loopback_only: bool

    def read(self, reader: OptionReader, key: str, default: str | None = None) -> str:
        url = reader.text(key, default)
        if url == default:
            return url
        try:
            parts = urlsplit(url)
            parts.port  # noqa: B018  (raises ValueError on "host:abc")
        except ValueError:
            raise reader.wrong(key, "is not an address") from None
        fault = address_fault(
            parts, allow_http=self.allow_http, loopback_only=self.loopback_only
        )
        if fault:
            raise reader.wrong(key, f"cannot be used: {fault}")
        return url


def _read_headers(reader: OptionReader) -> dict[str, str]:
    headers = reader.text_map("headers")
    unknown = placeholders_in(headers) - _HEADER_PLACEHOLDERS
    if unknown:
        raise reader.wrong("headers", "may hold {reference} and {message_id} only")
    auth = reader.section("auth")
    if auth is not None:
        headers.update(_read_auth(auth))
        auth.finish()
    for name, value in headers.items():
        if not (name + value).isascii() or not (name + value).isprintable():
            raise reader.wrong("headers", "and auth must be printable ASCII")
    return headers


def _read_auth(auth: OptionReader) -> dict[str, str]:
    kind = auth.choice("type", ("basic", "bearer", "header"), "")
    if kind == "basic":
        pair = f"{auth.text('username')}:{auth.text('password')}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    if kind == "bearer":
        return {"Authorization": f"Bearer {auth.text('token')}"}
    if kind == "header":
        return {auth.text("name"): auth.text("value")}
    raise auth.wrong("type", "must be one of: basic, bearer, header")


def _read_fields(reader: OptionReader, body_format: str) -> Mapping[str, Any]:
    fields = reader.raw("fields")
    if not isinstance(fields, Mapping):
        raise reader.wrong("fields", 'must be a dict, as {"to": "{to}"}')
    used = placeholders_in(fields)
    unknown = sorted(used - set(PLACEHOLDERS))
    if unknown:
        raise reader.wrong(
            "fields",
            f"knows no {{{unknown[0]}}}; use {{{'}, {'.join(PLACEHOLDERS)}}}",
        )
    if "text" not in used or not used & {"to", "to_digits"}:
        raise reader.wrong("fields", "must hold {text}, and {to} or {to_digits}")
    if body_format != "json" and any(
        isinstance(value, Mapping | list | tuple) for value in fields.values()
    ):
        raise reader.wrong("fields", f"cannot be nested in the format {body_format}")
    return fields


def _read_answer(
    reader: OptionReader, errors: Mapping[str, ErrorKind]
) -> AnswerOptions:
    statuses = reader.raw("success_statuses") if reader.has("success_statuses") else []
    if not isinstance(statuses, list | tuple) or not all(
        isinstance(status, int) and 200 <= status <= 299 for status in statuses
    ):
        raise reader.wrong("success_statuses", "must be a list of 200 to 299")
    success = reader.section("success")
    return AnswerOptions(
        statuses=frozenset(statuses),
        success=read_condition(success) if success else None,
        id=Path.of(reader.text("id_path", "")),
        error=Path.of(reader.text("error_path", "")),
        errors=errors,
        retry_after=Path.of(reader.text("retry_after_path", "")),
        parts=Path.of(reader.text("parts_path", "")),
        price=Path.of(reader.text("price_path", "")),
        currency=reader.text("currency", ""),
    )


def _read_batch(
    reader: OptionReader, addresses: _Addresses, body_format: str
) -> BatchOptions | None:
    section = reader.section("batch")
    if section is None:
        return None
    if body_format != "json":
        raise reader.wrong("batch", 'needs the format "json"')
    batch = BatchOptions(
        url=addresses.read(section, "url"),
        list_path=section.text("list_path"),
        max=int(section.number("max", 100, low=2, high=10_000)),
        shared=section.raw("shared") if section.has("shared") else {},
        results=Path.of(section.text("results_path")),
        result_reference=Path.of(section.text("reference_path")),
    )
    if not isinstance(batch.shared, Mapping) or placeholders_in(batch.shared):
        raise section.wrong("shared", "must be a dict without placeholders")
    section.finish()
    return batch


def _read_lookup(
    reader: OptionReader, addresses: _Addresses, receipts: ReceiptOptions | None
) -> LookupOptions | None:
    section = reader.section("lookup")
    if section is None:
        return None
    url = addresses.read(section, "url")
    if placeholders_in(url) != {"reference"}:
        raise section.wrong("url", "must hold {reference} and no other placeholder")
    statuses = section.translation("statuses", ReceiptStatus)
    if not statuses and receipts is not None:
        statuses = dict(receipts.statuses)
    lookup = LookupOptions(
        url=url,
        status=Path.of(section.text("status_path")),
        statuses=statuses,
        id=Path.of(section.text("id_path", "")),
        # "Not known" means "send it again", and a wrong address answers 404 as well:
        # so the body must say it in words.
        not_found=read_condition(section.required_section("not_found")),
    )
    section.finish()
    return lookup
