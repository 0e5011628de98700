"""How far it is, in one query."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sms_marketing import campaigns
from sms_marketing.core import clock
from sms_marketing.models import Campaign
from tests.campaigns.test_lifecycle import put, row_of
from tests.factories import make_contact

pytestmark = pytest.mark.usefixtures("no_worker")


def test_counts_share_and_speed(campaign, django_assert_num_queries) -> None:
    put(campaign, "sending")
    for status in ("queued", "claimed", "skipped"):
        row_of(campaign, status)
    for _ in range(6):
        row_of(campaign, "sent")
    row_of(campaign, "queued")
    old = row_of(campaign, "delivered", delivered_at=clock.now())
    old.sent_at = clock.now() - timedelta(hours=1)
    old.save()

    with django_assert_num_queries(1):
        found = campaigns.progress(campaign)

    assert found.counts == {
        "queued": 2,
        "claimed": 1,
        "skipped": 1,
        "sent": 6,
        "delivered": 1,
    }
    assert (found.total, found.done, found.percent) == (11, 8, 72)
    assert found.per_second == 0.1
    assert found.eta_seconds == 30
    assert found.launched_percent == 100


def test_nothing_yet(campaign) -> None:
    found = campaigns.progress(campaign)

    assert (found.total, found.percent, found.launched_percent) == (0, 0, 0)
    assert found.eta_seconds == 0


def test_nothing_moves(campaign) -> None:
    put(campaign, "sending")
    row_of(campaign, "queued")

    assert campaigns.progress(campaign).eta_seconds is None


def test_the_end_is_not_before_the_last_zone_s_morning(campaign) -> None:
    put(campaign, "sending")
    row_of(campaign, "queued", due_at=clock.now() + timedelta(hours=2))
    waiting = campaigns.progress(campaign).eta_seconds
    row_of(campaign, "sent")
    moving = campaigns.progress(campaign).eta_seconds

    assert 7190 <= waiting <= 7200
    assert 7190 <= moving <= 7200


def test_while_launching_the_share_of_contacts_passed(campaign) -> None:
    last = [make_contact() for _ in range(4)][-1]
    put(campaign, "launching")
    Campaign.objects.update(launch_checkpoint=last.pk // 2)
    campaign.refresh_from_db()

    found = campaigns.progress(campaign)

    assert found.launched_percent == 100 * (last.pk // 2) // last.pk
