"""The report of a campaign or a journey, in six queries whatever its size."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from sms_marketing.models import (
    Campaign,
    Click,
    ConsentMethod,
    ConsentRecord,
    Conversion,
    InboundMessage,
    Journey,
    Message,
    MessageStatus,
    PurchaseStatus,
    SkipReason,
)
from sms_marketing.providers import ErrorKind
from sms_marketing.reports.figures import Cost, FunnelStep, Reason, Report

#: Left the house: the carrier took it, whatever came of it.
TAKEN = (
    MessageStatus.SENT,
    MessageStatus.DELIVERED,
    MessageStatus.UNDELIVERED,
    MessageStatus.EXPIRED,
)
WITHOUT_CONSENT = (
    SkipReason.NO_CONSENT,
    SkipReason.RESTRICTED,
    SkipReason.ERASED,
    SkipReason.NO_PHONE,
)
FAILURES = (MessageStatus.FAILED, MessageStatus.UNDELIVERED, MessageStatus.EXPIRED)
#: Ids in one statement.
CHUNK = 10_000
STOPS = (InboundMessage.Action.STOP, InboundMessage.Action.STOP_ALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sales:
    """Purchases credited to these messages; a canceled one was none."""

    orders: int
    buyers: int
    revenue: Decimal


def campaign_report(campaign: Campaign) -> Report:
    """How far the audience went, what it cost, and what came back."""
    messages = Message.objects.real().filter(campaign=campaign)
    return _report(messages, currency=campaign.brand.currency)


def journey_report(journey: Journey) -> Report:
    """The same for all messages of a journey."""
    messages = Message.objects.real().filter(enrollment__journey=journey)
    return _report(messages, currency=journey.brand.currency)


def _report(messages: QuerySet[Message], *, currency: str) -> Report:
    counts = _counts(messages)
    skips = Counter[str]()
    for (_status, skip_reason, _kind), count in counts.items():
        if skip_reason:
            skips[skip_reason] += count
    clicks = _clicks(messages)
    sales = _sales(messages)
    costs = _costs(messages)
    return Report(
        funnel=_funnel(counts, skips, clicked=clicks["messages"], sales=sales),
        skipped=_reasons(skips, SkipReason.choices),
        failed=_failures(counts),
        unconfirmed=_total(counts, MessageStatus.UNCONFIRMED),
        waiting=_total(counts, MessageStatus.QUEUED, MessageStatus.CLAIMED),
        parts=sum(cost.parts for cost in costs),
        costs=tuple(cost for cost in costs if cost.currency),
        clicks_human=clicks["human"],
        clicks_all=clicks["all"],
        opt_outs=_opt_outs(messages),
        orders=sales.orders,
        revenue=sales.revenue,
        currency=currency,
    )


def _counts(messages: QuerySet[Message]) -> dict[tuple[str, str, str], int]:
    rows = messages.values_list("status", "skip_reason", "error_kind")
    counted = rows.annotate(count=Count("pk")).order_by()
    return {(status, skip, kind): count for status, skip, kind, count in counted}


def _total(counts: dict[tuple[str, str, str], int], *statuses: str) -> int:
    return sum(count for (status, _, _), count in counts.items() if status in statuses)


def _funnel(
    counts: dict[tuple[str, str, str], int],
    skips: Counter[str],
    *,
    clicked: int,
    sales: Sales,
) -> tuple[FunnelStep, ...]:
    audience = sum(counts.values())
    consenting = audience - sum(skips[reason] for reason in WITHOUT_CONSENT)
    free = consenting - skips[SkipReason.SUPPRESSED]
    steps = (
        ("audience", _("In the segment"), audience),
        ("consent", _("Have consented"), consenting),
        ("not_suppressed", _("Not suppressed"), free),
        ("queued", _("Queued"), audience - skips.total()),
        ("sent", _("Sent"), _total(counts, *TAKEN)),
        ("delivered", _("Delivered"), _total(counts, MessageStatus.DELIVERED)),
        ("clicked", _("Clicked"), clicked),
        ("bought", _("Bought"), sales.buyers),
    )
    return tuple(
        FunnelStep(
            key=key,
            label=label,
            count=count,
            share=count / audience if audience else 0.0,
        )
        for key, label, count in steps
    )


def _failures(counts: dict[tuple[str, str, str], int]) -> tuple[Reason, ...]:
    kinds = Counter[str]()
    for (status, _skip, kind), count in counts.items():
        if status in FAILURES:
            # What a carrier says of a phone that was off is no fault of the sending.
            refused = status == MessageStatus.FAILED and kind
            kinds[refused or status] += count
    return _reasons(kinds, [*MessageStatus.choices, *_error_labels().items()])


def _error_labels() -> dict[str, str]:
    return {
        ErrorKind.INVALID_NUMBER: _("the number does not exist"),
        ErrorKind.OPTED_OUT: _("the carrier knows that they opted out"),
        ErrorKind.BLOCKED: _("blocked by the carrier"),
        ErrorKind.NO_CREDIT: _("no credit left at the provider"),
        ErrorKind.SENDER_CONFIG: _("the provider refuses this sender"),
        ErrorKind.REJECTED: _("rejected by the provider"),
        ErrorKind.TEMPORARY: _("given up after several tries"),
        ErrorKind.THROTTLED: _("too fast for the provider"),
        ErrorKind.UNKNOWN: _("the provider gave no reason"),
    }


def _reasons(
    counter: Counter[str], labels: Iterable[tuple[str, object]]
) -> tuple[Reason, ...]:
    names = dict(labels)
    return tuple(
        Reason(key=key, label=str(names.get(key, key)), count=count)
        for key, count in counter.most_common()
        if count
    )


def _costs(messages: QuerySet[Message]) -> list[Cost]:
    rows = (
        messages.filter(part_count__isnull=False, sent_at__isnull=False)
        .values_list("currency")
        .annotate(amount=Sum("price"), parts=Sum("part_count"))
        .order_by("currency")
    )
    return [
        Cost(currency=currency, amount=amount or Decimal(0), parts=parts or 0)
        for currency, amount, parts in rows
    ]


def _clicks(messages: QuerySet[Message]) -> dict[str, int]:
    human = Q(is_bot=False)
    return Click.objects.filter(
        message__in=messages.values("pk"), link__isnull=False
    ).aggregate(
        all=Count("pk"),
        human=Count("pk", filter=human),
        messages=Count("message", filter=human, distinct=True),
    )


def _sales(messages: QuerySet[Message]) -> Sales:
    credited = Conversion.objects.filter(message__in=messages.values("pk"))
    found = credited.exclude(purchase__status=PurchaseStatus.CANCELED).aggregate(
        orders=Count("pk"),
        buyers=Count("message", distinct=True),
        revenue=Sum("purchase__net_amount"),
    )
    return Sales(
        orders=found["orders"],
        buyers=found["buyers"],
        revenue=found["revenue"] or Decimal(0),
    )


def _opt_outs(messages: QuerySet[Message]) -> int:
    by_reply = (
        InboundMessage.objects.filter(
            action__in=STOPS, in_reply_to__in=messages.values("pk")
        )
        .values("from_phone")
        .distinct()
        .count()
    )
    by_page = ConsentRecord.objects.filter(
        method=ConsentMethod.LINK, contact__in=messages.values("contact")
    ).values_list("evidence__message", flat=True)
    pressed = list(set(by_page))
    return by_reply + sum(
        messages.filter(pk__in=pressed[start : start + CHUNK]).count()
        for start in range(0, len(pressed), CHUNK)
    )
