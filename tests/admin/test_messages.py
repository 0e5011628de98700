"""Messages and replies are looked at; only unconfirmed ones are decided on."""

from __future__ import annotations

import pytest

from sms_marketing import phones
from sms_marketing.core import clock
from sms_marketing.models import InboundMessage, MessageStatus
from tests.admin.test_contacts import client_with
from tests.factories import make_message

pytestmark = pytest.mark.django_db
LIST = "/admin/sms_marketing/message/"
REPLIES = "/admin/sms_marketing/inboundmessage/"


@pytest.fixture
def message():
    return make_message(
        status=MessageStatus.UNCONFIRMED, attempt=1, body="Slepens teksts"
    )


@pytest.fixture
def reply(message):
    return InboundMessage.objects.create(
        provider="default",
        dedup_key="1",
        brand=message.brand,
        contact=message.contact,
        from_phone=message.to_phone,
        text="Kur ir mans pasūtījums?",
        received_at=clock.now(),
    )


def test_texts_and_numbers_are_hidden_without_their_permissions(message, reply):
    client = client_with("view_message", "view_inboundmessage")

    for url in (
        LIST,
        f"{LIST}{message.pk}/change/",
        REPLIES,
        f"{REPLIES}{reply.pk}/change/",
    ):
        html = client.get(url).content.decode()
        assert message.to_phone not in html
        assert phones.mask(message.to_phone) in html
        assert message.body not in html
        assert reply.text not in html


def test_texts_are_shown_with_their_permissions(message, reply):
    client = client_with(
        "view_message", "view_inboundmessage", "view_body", "view_reply_text"
    )

    assert message.body in client.get(f"{LIST}{message.pk}/change/").content.decode()
    assert reply.text in client.get(f"{REPLIES}{reply.pk}/change/").content.decode()


def act(client, action: str, message):
    return client.post(
        LIST, {"action": action, "_selected_action": [message.pk]}, follow=True
    )


@pytest.mark.parametrize(
    ("action", "status"),
    [("mark_sent", "sent"), ("mark_failed", "failed"), ("send_again", "queued")],
)
def test_an_unconfirmed_message_is_decided_on_by_a_person(
    admin_client, message, action, status
):
    page = act(admin_client, action, message).content.decode()

    message.refresh_from_db()
    assert message.status == status
    assert "Decided on 1" in page


def test_a_message_that_is_settled_is_left_alone_and_said_so(admin_client):
    sent = make_message(status=MessageStatus.SENT, sent_at=clock.now())

    page = act(admin_client, "mark_failed", sent).content.decode()

    sent.refresh_from_db()
    assert sent.status == MessageStatus.SENT
    assert "1 are not unconfirmed" in page


def test_deciding_needs_its_own_permission(message):
    act(client_with("view_message"), "send_again", message)

    message.refresh_from_db()
    assert message.status == MessageStatus.UNCONFIRMED


def test_lists_ask_a_constant_number_of_questions(
    admin_client, django_assert_max_num_queries, reply
):
    for _number in range(12):
        make_message()

    with django_assert_max_num_queries(6):
        assert admin_client.get(LIST).status_code == 200
    with django_assert_max_num_queries(6):
        assert admin_client.get(REPLIES).status_code == 200
