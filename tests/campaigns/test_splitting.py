"""Splits are stable, fair, and equal in Python and in SQL."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_marketing.campaigns import splitting
from sms_marketing.models import Campaign, Contact, Variant

WEIGHTS = st.lists(st.integers(0, 100), min_size=1, max_size=5)


def make_split(weights, *, holdout=0, salt="abcd"):
    campaign = Campaign(holdout_percent=holdout, salt=salt)
    variants = [Variant(pk=n + 1, weight=weight) for n, weight in enumerate(weights)]
    return splitting.split_of(campaign, variants)


def shares(split, size=20_000):
    counts = Counter()
    for number in range(size):
        bucket = splitting.bucket_of(split.salt, number)
        if split.is_held_out(bucket):
            counts["held out"] += 1
        else:
            counts[split.variant_of(bucket).pk] += 1
    return {key: round(count / size, 2) for key, count in counts.items()}


def test_bucket_is_a_published_function_of_salt_and_id() -> None:
    # so that anybody can check a report with md5sum
    assert splitting.bucket_of("abcd", 7) == "4c40a1dd"


def test_halves_and_holdout_are_near_their_shares() -> None:
    assert shares(make_split([50, 50])) == pytest.approx({1: 0.5, 2: 0.5}, abs=0.02)
    assert shares(make_split([60, 20], holdout=20)) == pytest.approx(
        {"held out": 0.2, 1: 0.6, 2: 0.2}, abs=0.02
    )


def test_single_variant_gets_everybody_whatever_its_weight() -> None:
    assert shares(make_split([0]), size=50) == {1: 1.0}


def test_variant_of_weight_zero_gets_nobody() -> None:
    assert set(shares(make_split([0, 100, 0]), size=500)) == {2}


def test_another_salt_splits_independently() -> None:
    both = Counter(
        (
            splitting.bucket_of("one", number) < "80000000",
            splitting.bucket_of("two", number) < "80000000",
        )
        for number in range(8_000)
    )

    assert all(1_850 < count < 2_150 for count in both.values())


@given(WEIGHTS, st.integers(0, 50), st.integers(0, splitting.BUCKETS - 1))
def test_every_bucket_belongs_to_exactly_one_share(weights, holdout, number) -> None:
    split = make_split(weights, holdout=holdout)
    bucket = f"{number:08x}"

    assert list(split.ends) == sorted(split.ends)
    assert split.is_held_out(bucket) == (number < splitting.BUCKETS * holdout // 100)
    assert split.variant_of(bucket).weight or sum(weights) == 0


@pytest.mark.django_db
def test_python_and_sql_agree(brand) -> None:
    split = make_split([30, 30, 40], holdout=15, salt="5a17")
    Contact.objects.bulk_create(Contact(phone=f"+3712000{n:04d}") for n in range(300))
    rows = Contact.objects.annotate(
        bucket=splitting.bucket_expression("5a17")
    ).annotate(chosen=splitting.variant_expression(split, "bucket"))
    held = set(
        rows.filter(splitting.held_out(split, "bucket")).values_list("pk", flat=True)
    )

    assert held
    for pk, bucket, chosen in rows.values_list("pk", "bucket", "chosen"):
        assert bucket == splitting.bucket_of("5a17", pk)
        assert (pk in held) == split.is_held_out(bucket)
        assert chosen == split.variant_of(bucket).pk
