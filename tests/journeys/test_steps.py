"""The way along steps, and which text a contact gets."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from sms_marketing.journeys.steps import (
    START,
    choose_variant,
    next_stop,
    once_key,
    total_wait,
)
from sms_marketing.models import Step, Variant

AT = datetime(2026, 5, 1, tzinfo=UTC)


def steps(*plan: int | str) -> list[Step]:
    return [
        Step(position=number, kind=Step.Kind.WAIT, wait_seconds=item)
        if isinstance(item, int)
        else Step(position=number, kind=Step.Kind.SEND)
        for number, item in enumerate(plan)
    ]


@pytest.mark.parametrize(
    ("plan", "after", "position", "seconds"),
    [
        (["a"], START, 0, 0),
        ([60, "a"], START, 1, 60),
        ([60, 5, "a", 7, "b"], START, 2, 65),
        ([60, 5, "a", 7, "b"], 2, 4, 7),
        (["a", "b"], 0, 1, 0),
        (["a"], 0, None, 0),
        (["a", 9], 0, None, 9),
        ([], START, None, 0),
    ],
)
def test_waits_add_up_to_the_next_message(plan, after, position, seconds) -> None:
    stop = next_stop(steps(*plan), after=after, at=AT)

    assert (stop.step.position if stop.step else None) == position
    assert stop.due_at == AT + timedelta(seconds=seconds)


def test_all_waits_together() -> None:
    assert total_wait(steps(60, "a", 5)) == timedelta(seconds=65)


def test_variants_are_given_by_weight_and_always_the_same() -> None:
    variants = [Variant(name="A", weight=75), Variant(name="B", weight=25)]
    chosen = [
        choose_variant(variants, step_id=3, contact_id=contact).name
        for contact in range(4000)
    ]

    assert 2850 < Counter(chosen)["A"] < 3150
    assert chosen[7] == choose_variant(variants, step_id=3, contact_id=7).name


def test_without_weights_the_first_variant_is_taken() -> None:
    variants = [Variant(name="A", weight=0), Variant(name="B", weight=0)]

    assert choose_variant(variants, step_id=1, contact_id=1).name == "A"


def test_the_once_key_names_what_happens_once() -> None:
    assert once_key(12, 3, 1) == "enrollment:12:step:3:round:1"
