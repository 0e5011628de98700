"""Nudges go out after the commit, and never stop the code that gives them."""

from __future__ import annotations

import logging

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.test import override_settings

from sms_marketing.conf import settings
from sms_marketing.core import queue

calls: list[tuple[object, ...]] = []


def remember(*call: object) -> None:
    calls.append(call)


def explode(*call: object) -> None:
    raise ConnectionError("redis://:secret@broker is away")


def using_queue(name: str, **more: object):

    given = {**django_settings.SMS_MARKETING, "QUEUE": name, **more}
    return override_settings(SMS_MARKETING=given)


@pytest.fixture(autouse=True)
def no_calls():
    calls.clear()


@pytest.mark.django_db
def test_a_nudge_waits_for_the_commit(django_capture_on_commit_callbacks):
    with using_queue(f"{__name__}.remember"):
        with django_capture_on_commit_callbacks(execute=True):
            queue.nudge("launch", 7)
            assert calls == []

        assert calls == [("launch", 7)]


@pytest.mark.django_db
def test_r10_a_broken_queue_does_not_stop_the_host_nor_log_its_password(
    django_capture_on_commit_callbacks, caplog
):
    with (
        using_queue(f"{__name__}.explode"),
        caplog.at_level(logging.ERROR),
        django_capture_on_commit_callbacks(execute=True),
    ):
        queue.nudge("tick")

    assert "nudge tick waits for the tick: ConnectionError at " in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("cluster", ["", "default"])
def test_django_q_gets_the_task_by_name(cluster):
    from django_q.models import OrmQ

    with using_queue("django_q", QUEUE_CLUSTER=cluster):
        queue.nudge("launch", 7)

    task = OrmQ.objects.get()
    assert task.func() == "sms_marketing.tasks.launch"
    assert task.args() == (7,)


@pytest.mark.django_db
def test_the_schedule_is_written_once():
    schedule = apps.get_model("django_q", "Schedule")
    schedule.objects.all().delete()
    with using_queue("django_q"):
        assert queue.ensure_schedule() is True
        assert queue.ensure_schedule() is False

    assert schedule.objects.get().func == "sms_marketing.tasks.tick"


@pytest.mark.django_db
def test_another_queue_needs_no_schedule():
    with using_queue("immediate"):
        assert queue.ensure_schedule() is False


@pytest.mark.django_db
def test_immediate_runs_the_task_itself(
    django_capture_on_commit_callbacks, brand, caplog
):
    with django_capture_on_commit_callbacks(execute=True):
        queue.nudge("fold_receipts")

    assert settings().QUEUE == "immediate"
    assert caplog.text == ""
