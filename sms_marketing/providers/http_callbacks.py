"""Reads the callbacks of a vendor whose shape is described by options."""

from __future__ import annotations

import logging
from typing import Any

from sms_marketing.exceptions import ProviderError
from sms_marketing.providers.answers import clean_code
from sms_marketing.providers.base import MALFORMED, Inbound, Receipt, WebhookRequest
from sms_marketing.providers.http_callback_options import (
    CallbackProof,
    Envelope,
    HmacProof,
    InboundOptions,
    ReceiptOptions,
    TokenProof,
)
from sms_marketing.providers.http_mapping import (
    as_count,
    as_moment,
    as_price,
)
from sms_marketing.providers.kinds import ErrorKind, ReceiptStatus
from sms_marketing.providers.signatures import (
    FORGED,
    check_age,
    check_secret,
    check_signature,
    hmac_sha256_base64,
    hmac_sha256_hex,
)

logger = logging.getLogger(__name__)

_LONGEST_ID = 128
_FAILURES = (ReceiptStatus.UNDELIVERED, ReceiptStatus.EXPIRED, ReceiptStatus.FAILED)


def verify(request: WebhookRequest, proof: CallbackProof | None) -> None:
    """Raise ProviderError("forged") unless the request carries the proof."""
    if proof is None:
        raise ProviderError(FORGED, "this provider has no callback_proof")
    if isinstance(proof, TokenProof):
        _verify_token(request, proof)
    else:
        _verify_hmac(request, proof)


def read_receipts(request: WebhookRequest, options: ReceiptOptions) -> list[Receipt]:
    """Return the receipts; one that names no message is left out, and counted."""
    receipts = [read_receipt(item, options) for item in _items(request, options)]
    named = [r for r in receipts if r.reference or r.provider_message_id]
    _warn_of_unreadable(len(receipts) - len(named), "receipts")
    return named


def read_receipt(item: Any, options: ReceiptOptions) -> Receipt:
    """Translate one receipt; a status without a translation is ``unknown``."""
    status = options.statuses.get(
        options.status.text(item).casefold(), ReceiptStatus.UNKNOWN
    )
    code = options.error.text(item)
    price = as_price(options.price.text(item))
    return Receipt(
        reference=options.reference.text(item)[:64],
        provider_message_id=options.id.text(item)[:_LONGEST_ID],
        status=status,
        error_kind=(
            options.errors.get(code.casefold(), ErrorKind.UNKNOWN)
            if status in _FAILURES
            else None
        ),
        error_code=clean_code(code),
        occurred_at=as_moment(options.occurred_at.text(item)),
        part_count=as_count(options.parts.text(item)),
        price=price,
        currency=options.currency if price is not None else "",
    )


def read_inbound(request: WebhookRequest, options: InboundOptions) -> list[Inbound]:
    """Return people's answers; one from nobody is left out, and counted."""
    answers = [
        Inbound(
            provider_message_id=options.id.text(item)[:_LONGEST_ID],
            from_phone=options.from_phone.text(item),
            to=options.to.text(item),
            text=options.text.text(item),
            received_at=as_moment(options.received_at.text(item)),
        )
        for item in _items(request, options)
    ]
    named = [answer for answer in answers if answer.from_phone]
    _warn_of_unreadable(len(answers) - len(named), "answers")
    return named


def _items(
    request: WebhookRequest, options: ReceiptOptions | InboundOptions
) -> list[Any]:
    envelope = options.envelope
    body = _body(request, envelope)
    if envelope.only_if is not None and not envelope.only_if.holds(body):
        return []
    items = envelope.list.read(body)
    if not envelope.list.steps and not isinstance(items, list):
        return [items]
    if not isinstance(items, list):
        raise ProviderError(MALFORMED, "the list of items is not where list_path says")
    return items


def _body(request: WebhookRequest, envelope: Envelope) -> Any:
    if envelope.where == "query":
        return request.query
    return request.form() if envelope.where == "form" else request.json()


def _verify_hmac(request: WebhookRequest, proof: HmacProof) -> None:
    given = request.headers.get(proof.header, "")
    message = request.body
    if proof.timestamp_header:
        timestamp = request.headers.get(proof.timestamp_header, "")
        check_age(timestamp, tolerance_seconds=proof.tolerance_seconds)
        message = timestamp.encode() + b"." + message
    check_signature(
        given.removeprefix(proof.prefix),
        message,
        secrets=proof.secrets,
        sign=hmac_sha256_base64 if proof.is_base64 else hmac_sha256_hex,
    )


def _verify_token(request: WebhookRequest, proof: TokenProof) -> None:
    if proof.where == "header":
        given = request.headers.get(proof.name, "")
    elif proof.where == "query":
        given = request.query.get(proof.name, "")
    else:
        given = request.path.rstrip("/").rpartition("/")[2]
    check_secret(given, secrets=proof.secrets)


def _warn_of_unreadable(count: int, what: str) -> None:
    if count:
        logger.warning("Left out %d %s that name nobody: check the paths", count, what)
