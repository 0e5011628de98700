"""Judges what a vendor, described by options, answered to a hand-over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sms_marketing.providers import answers
from sms_marketing.providers.base import Outbound, SendResult
from sms_marketing.providers.http_mapping import as_count, as_price
from sms_marketing.providers.http_options import AnswerOptions, BatchOptions
from sms_marketing.providers.kinds import ErrorKind
from sms_marketing.providers.transport import Response

_LONGEST_ID = 128


def of_one(
    outbound: Outbound, response: Response, options: AnswerOptions
) -> SendResult:
    """Judge the answer to a call with one message.

    Only what surely was not taken is ``refused``: an answer of success that cannot be
    read, and a server that fell over, leave the message ``unconfirmed``.
    """
    body = decoded(response)
    if not 200 <= response.status <= 299:
        return _of_error_status(outbound, response, body, options)
    if body is None and (options.success or options.id.steps):
        return SendResult.unconfirmed(
            outbound, code="garbage", detail="the answer cannot be read"
        )
    return _of_item(outbound, body, response, options)


def of_many(
    batch: Sequence[Outbound],
    response: Response,
    options: AnswerOptions,
    batch_options: BatchOptions,
) -> list[SendResult]:
    """Judge the answer to a call with many messages, each by its own item."""
    body = decoded(response)
    if not 200 <= response.status <= 299:
        return [_of_error_status(o, response, body, options) for o in batch]
    items = batch_options.results.read(body)
    by_reference = {
        batch_options.result_reference.text(item): item
        for item in (items if isinstance(items, list) else [])
    }
    return [
        _of_item(outbound, by_reference[outbound.reference], response, options)
        if outbound.reference in by_reference
        else SendResult.unconfirmed(
            outbound, code="missing", detail="the answer does not mention it"
        )
        for outbound in batch
    ]


def decoded(response: Response) -> Any:
    """The body of an answer as JSON, fractions exact; None if it is none."""
    try:
        return json.loads(response.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None


def _of_item(
    outbound: Outbound, item: Any, response: Response, options: AnswerOptions
) -> SendResult:
    code = options.error.text(item)
    if options.success is not None:
        if options.success.holds(item):
            return _accepted(outbound, item, options)
        if not options.success.is_answered(item):
            return SendResult.unconfirmed(
                outbound, code="garbage", detail="the answer names neither yes nor no"
            )
        return _refused(outbound, code, item, response, options)
    if code:
        return _refused(outbound, code, item, response, options)
    if options.statuses and response.status not in options.statuses:
        return SendResult.unconfirmed(
            outbound,
            code=str(response.status),
            detail="the status is none of success_statuses",
        )
    return _accepted(outbound, item, options)


def _accepted(outbound: Outbound, item: Any, options: AnswerOptions) -> SendResult:
    message_id = options.id.text(item)[:_LONGEST_ID]
    if options.id.steps and not message_id:
        return SendResult.unconfirmed(
            outbound, code="garbage", detail="the answer holds no id"
        )
    price = as_price(options.price.text(item))
    return SendResult.accepted(
        outbound,
        provider_message_id=message_id,
        part_count=as_count(options.parts.text(item)),
        price=price,
        currency=options.currency if price is not None else "",
    )


def _refused(
    outbound: Outbound,
    code: str,
    item: Any,
    response: Response,
    options: AnswerOptions,
) -> SendResult:
    wait = answers.seconds(options.retry_after.text(item))
    return SendResult.refused(
        outbound,
        options.errors.get(code.casefold(), ErrorKind.UNKNOWN),
        code=answers.clean_code(code),
        detail="the vendor refused this message",
        retry_after=answers.retry_after(response.headers) if wait is None else wait,
    )


def _of_error_status(
    outbound: Outbound, response: Response, body: Any, options: AnswerOptions
) -> SendResult:
    code = options.error.text(body)
    status = str(response.status)
    kind = options.errors.get(code.casefold()) if code else None
    kind = kind or options.errors.get(status) or answers.kind_of_status(response.status)
    shown = answers.clean_code(code) or status
    detail = f"the vendor answered {status}"
    if kind is None:
        return SendResult.unconfirmed(outbound, code=shown, detail=detail)
    return SendResult.refused(
        outbound,
        kind,
        code=shown,
        detail=detail,
        retry_after=answers.retry_after(response.headers),
    )
