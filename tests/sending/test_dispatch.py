"""From queued to sent: order, gate, results; and what happens when something breaks."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from sms_marketing import contacts, sending
from sms_marketing.core import clock
from sms_marketing.models import (
    Message,
    MessageStatus,
    SendBatch,
)
from sms_marketing.providers import get_provider
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def provider():
    provider = get_provider("default")
    provider.clear()
    yield provider
    provider.clear()


def dispatch(**over):
    return sending.dispatch(**{"seconds": 5, **over})


def test_a_due_message_is_sent_and_recorded(provider, sender):
    message = factories.make_message(sender=sender)

    report = dispatch()

    assert (report.claimed, report.sent) == (1, 1)
    [outbound] = provider.outbox
    assert (outbound.to, outbound.text) == (message.to_phone, "Paldies!")
    assert outbound.reference == f"{message.pk}-1"
    message.refresh_from_db()
    assert message.status == MessageStatus.SENT
    assert message.attempt == 1
    assert message.provider_message_id
    assert (message.part_count, message.price, message.currency) == (
        1,
        Decimal("0.05"),
        "EUR",
    )
    assert abs(message.sent_at - clock.now()) < timedelta(seconds=5)
    batch = SendBatch.objects.get()
    assert (batch.state, batch.size, batch.watermark) == (
        SendBatch.State.DONE,
        1,
        message.pk,
    )
    assert not sending.has_due()
