"""A provider with a clean outbox, campaigns that are sending, and a short way in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import override_settings

from sms_marketing import sending
from sms_marketing.models import (
    Campaign,
    CampaignStatus,
    Category,
    Message,
    MessageStatus,
    Priority,
    Sender,
)
from sms_marketing.providers import get_provider, reset
from sms_marketing.providers.locmem import LocmemProvider
from tests import factories
from tests.settings import SMS_MARKETING


class Current:
    """The default provider as it is now: a changed setting makes a new one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(get_provider("default"), name)


@pytest.fixture
def provider() -> Iterator[Current]:
    reset()
    yield Current()
    reset()


@pytest.fixture
def become(provider: Current) -> Callable[[type[LocmemProvider]], None]:
    """Let the provider behave as a subclass says."""

    def change(kind: type[LocmemProvider]) -> None:
        get_provider("default").__class__ = kind

    return change


@pytest.fixture
def configure() -> Iterator[Callable[..., None]]:
    """Change keys of SMS_MARKETING for one test."""
    overrides = []

    def change(**keys: Any) -> None:
        override = override_settings(SMS_MARKETING={**SMS_MARKETING, **keys})
        override.enable()
        overrides.append(override)

    yield change
    for override in reversed(overrides):
        override.disable()


def dispatch(**over: Any) -> sending.DispatchReport:
    return sending.dispatch(**{"seconds": 10, **over})


def sending_campaign(
    sender: Sender,
    count: int = 1,
    *,
    text: str = "Sveiki, {{ first_name }}!",
    **over: Any,
) -> Campaign:
    """A campaign in the middle of sending, and its queued rows."""
    campaign = factories.make_campaign(
        sender=sender,
        text=text,
        **{"status": CampaignStatus.SENDING, "audience_count": count, **over},
    )
    for _ in range(count):
        add_message(campaign)
    return campaign


def add_message(campaign: Campaign, **over: Any) -> Message:
    """One more row of a campaign."""
    assert campaign.sender is not None
    return factories.make_message(
        **{
            "sender": campaign.sender,
            "campaign": campaign,
            "variant": campaign.variants.first(),
            "category": Category.MARKETING,
            "priority": Priority.MARKETING,
            "body": "",
            **over,
        }
    )


def statuses() -> dict[str, int]:
    """How many messages stand where."""
    found: dict[str, int] = {}
    for status in Message.objects.values_list("status", flat=True):
        found[status] = found.get(status, 0) + 1
    return found


def status_of(message: Message) -> MessageStatus:
    message.refresh_from_db()
    return MessageStatus(message.status)
