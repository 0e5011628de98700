"""Who gets which variant and who is held out: stable, and equal in Python and SQL."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from itertools import accumulate
from typing import Any

from django.db.models import Case, CharField, F, Q, Value, When
from django.db.models.functions import MD5, Cast, Concat, Left

from sms_marketing.models import Campaign, Variant

#: Hex digits of a bucket. Eight are 4 294 967 296 buckets: shares are exact to 10⁻⁹.
DIGITS = 8
BUCKETS = 16**DIGITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The shares of one campaign, as boundaries between buckets.

    Buckets below ``holdout`` get nothing; ``variants[i]`` gets those below ``ends[i]``,
    and the last one all the others. Boundaries are texts: the databases disagree on
    how to turn hex digits into numbers, but all sort them alike.
    """

    salt: str
    holdout: str
    variants: tuple[Variant, ...]
    ends: tuple[str, ...]

    def is_held_out(self, bucket: str) -> bool:
        """True when this bucket is kept back for comparison."""
        return bucket < self.holdout

    def variant_of(self, bucket: str) -> Variant:
        """The variant that this bucket gets; of a bucket that is not held out."""
        return self.variants[bisect_right(self.ends, bucket)]


def split_of(campaign: Campaign, variants: Sequence[Variant]) -> Split:
    """Divide the buckets of a campaign: the held out first, then each by its weight.

    Weights need not add up to 100. A variant of weight 0 gets nobody; when all have 0,
    or there is one only, the first gets everybody.
    """
    held = BUCKETS * campaign.holdout_percent // 100
    shares = [variant for variant in variants if variant.weight] or list(variants[:1])
    total = sum(variant.weight for variant in shares) or 1
    upper = [
        held + (BUCKETS - held) * weight // total
        for weight in accumulate(variant.weight for variant in shares)
    ]
    return Split(
        salt=campaign.salt,
        holdout=_boundary(held),
        variants=tuple(shares),
        ends=tuple(_boundary(end) for end in upper[:-1]),
    )


def bucket_of(salt: str, contact_id: int) -> str:
    """The bucket of a contact: the first digits of ``MD5(salt:contact_id)``."""
    text = f"{salt}:{contact_id}".encode()
    return md5(text, usedforsecurity=False).hexdigest()[:DIGITS]


def bucket_expression(salt: str, contact_id: str = "pk") -> Any:
    """The same as ``bucket_of``, for a query over contacts."""
    text = Concat(Value(f"{salt}:"), Cast(F(contact_id), CharField()))
    return Left(MD5(text), DIGITS, output_field=CharField())


def held_out(split: Split, bucket: str) -> Q:
    """The condition of ``is_held_out``; ``bucket`` names an annotation."""
    return Q(**{f"{bucket}__lt": split.holdout})


def variant_expression(split: Split, bucket: str) -> Any:
    """The id that ``variant_of`` gives, for a query; ``bucket`` names an annotation."""
    ids = [Value(variant.pk) for variant in split.variants]
    cases = [
        When(**{f"{bucket}__lt": end}, then=id_)
        for end, id_ in zip(split.ends, ids, strict=False)
    ]
    return Case(*cases, default=ids[-1]) if cases else ids[-1]


def _boundary(number: int) -> str:
    # At most 50 % are held out, so that a boundary is never 16⁸ (a ninth digit).
    return f"{number:0{DIGITS}x}"
