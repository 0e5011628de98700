"""The operator's decision on what nobody knows."""

from __future__ import annotations

import pytest

from sms_marketing import sending
from sms_marketing.exceptions import InvalidTransition
from sms_marketing.models import Message, MessageStatus
from sms_marketing.providers import Outcome
from tests import factories
from tests.sending.conftest import dispatch, status_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def unconfirmed(provider, sender):
    provider.plan(Outcome.UNCONFIRMED)
    message = factories.make_message(sender=sender)
    dispatch()
    message.refresh_from_db()
    return message


def test_sent_counts_it_with_its_price(unconfirmed, admin_user):
    sending.resolve_unconfirmed(unconfirmed, "sent", by=admin_user)

    assert unconfirmed.status == MessageStatus.SENT
    assert unconfirmed.sent_at
    assert unconfirmed.price


def test_failed_says_who_decided(unconfirmed, admin_user, caplog):
    sending.resolve_unconfirmed(unconfirmed, "failed", by=admin_user)

    assert unconfirmed.status == MessageStatus.FAILED
    assert unconfirmed.error_code == "operator"
    assert f"{unconfirmed.pk} resolved as failed by {admin_user.pk}" in caplog.text


def test_again_opens_the_next_attempt(unconfirmed, provider, admin_user):
    sending.resolve_unconfirmed(unconfirmed, "again", by=admin_user)
    assert unconfirmed.status == MessageStatus.QUEUED

    dispatch()

    assert status_of(unconfirmed) == MessageStatus.SENT
    assert provider.outbox[-1].reference == f"{unconfirmed.pk}-2"


def test_a_decision_that_comes_too_late_is_refused(unconfirmed, admin_user):
    Message.objects.update(status=MessageStatus.FAILED)

    with pytest.raises(InvalidTransition, match="Load the page again"):
        sending.resolve_unconfirmed(unconfirmed, "again", by=admin_user)


def test_there_are_three_decisions(unconfirmed, admin_user):
    with pytest.raises(ValueError, match="sent, failed, again"):
        sending.resolve_unconfirmed(unconfirmed, "delivered", by=admin_user)
