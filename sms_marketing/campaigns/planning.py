"""Before the launch: schedule a campaign, take it back, copy it."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import router, transaction

from sms_marketing import sending
from sms_marketing.campaigns.audience import audience
from sms_marketing.campaigns.checks import refuse_errors
from sms_marketing.campaigns.lifecycle import move
from sms_marketing.campaigns.moments import starts_at
from sms_marketing.core import clock
from sms_marketing.core.queue import nudge
from sms_marketing.models import Campaign, CampaignStatus, Variant

#: What a copy takes over; its own life, figures and salt are new.
COPIED = (
    "brand",
    "topic",
    "sender",
    "encoding_policy",
    "schedule",
    "send_on",
    "send_time",
    "late_policy",
    "holdout_percent",
    "spend_cap",
)


def schedule(campaign: Campaign) -> Campaign:
    """Let the tick launch it at its time: for local times, that of the earliest zone.

    Raises NotSendable, saying what to do, when a check finds an error.
    """
    refuse_errors(campaign)
    zones = audience(campaign).order_by().values_list("zone", flat=True).distinct()
    is_local = campaign.schedule == Campaign.Schedule.LOCAL_TIME
    due_at = starts_at(campaign, zones if is_local else (), at=clock.now())
    move(campaign, CampaignStatus.SCHEDULED, due_at=due_at, halt_reason="")
    if due_at <= clock.now():
        nudge("tick", using=router.db_for_write(Campaign, instance=campaign))
    return campaign


def unschedule(campaign: Campaign) -> Campaign:
    """Make it a draft again."""
    return move(campaign, CampaignStatus.DRAFT, due_at=None)


def duplicate(
    campaign: Campaign, *, name: str, by: AbstractBaseUser | None = None
) -> Campaign:
    """Make a draft with the same audience and texts, and buckets of its own."""
    using = router.db_for_write(Campaign, instance=campaign)
    with transaction.atomic(using=using):
        copy = Campaign.objects.using(using).create(
            name=name,
            created_by=by,  # type: ignore[misc]  # whatever AUTH_USER_MODEL is
            created_by_name=by.get_username() if by else "",
            **{field: getattr(campaign, field) for field in COPIED},
        )
        copy.segments.set(campaign.segments.all())
        copy.excluded_segments.set(campaign.excluded_segments.all())
        for variant in campaign.variants.prefetch_related("bodies"):
            twin = Variant.objects.using(using).create(
                campaign=copy, name=variant.name, weight=variant.weight
            )
            for body in variant.bodies.all():
                sending.save_body(twin, body.language, body.text)
    return copy
