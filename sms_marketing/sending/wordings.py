"""What a variant says, in each of its languages, read and ready to be rendered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Value
from django.db.models.functions import Coalesce

from sms_marketing import text
from sms_marketing.exceptions import InvalidBody
from sms_marketing.models import (
    Brand,
    Category,
    EncodingPolicy,
    Link,
    Variant,
    VariantBody,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One text of a wording; ``positions`` are those of its links' rows."""

    compiled: text.Body
    positions: Mapping[str, int] = field(default_factory=dict)

    def position_of(self, order: int, url: str) -> int:
        """Where a link stands in the token: its row's place, not its order."""
        return self.positions.get(url, order)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The texts of one variant by language, and how its letters may be changed."""

    bodies: Mapping[str, Body]
    #: Languages whose text cannot be read, and why.
    faults: Mapping[str, InvalidBody] = field(default_factory=dict)
    policy: str = EncodingPolicy.PUNCTUATION
    category: str = Category.MARKETING

    @property
    def fields(self) -> frozenset[str]:
        """Every merge field that any of the texts uses."""
        used = [body.compiled.fields for body in self.bodies.values()]
        return frozenset().union(*used)

    def language_for(self, wanted: str, *, brand: Brand) -> str | None:
        """The language to write in: theirs, else the brand's, best first."""
        plain = wanted.replace("_", "-").split("-")[0]
        for language in (wanted, plain, *map(str, brand.languages)):
            if language in self.bodies or language in self.faults:
                return language
        return None


def wording_of(
    texts: Mapping[str, str],
    *,
    policy: str = EncodingPolicy.PUNCTUATION,
    category: str = Category.MARKETING,
) -> Wording:
    """Read texts that are not saved, by language: for a preview while writing."""
    return _read(texts, {}, policy=policy, category=category)


def load_wordings(variant_ids: Iterable[int]) -> dict[int, Wording]:
    """Read variants, by id, with three queries; a wrong text is no error yet."""
    ids = set(variant_ids)
    texts: dict[int, dict[str, str]] = {variant_id: {} for variant_id in ids}
    positions: dict[int, dict[str, dict[str, int]]] = {key: {} for key in ids}
    bodies = VariantBody.objects.filter(variant__in=ids)
    for variant_id, language, source in bodies.values_list(
        "variant", "language", "text"
    ):
        texts[variant_id][language] = source
    links = Link.objects.filter(body__variant__in=ids)
    for variant_id, language, url, position in links.values_list(
        "body__variant", "body__language", "url", "position"
    ):
        positions[variant_id].setdefault(language, {})[url] = position
    return {
        variant_id: _read(
            texts[variant_id], positions[variant_id], policy=policy, category=category
        )
        for variant_id, policy, category in _owners(ids)
    }


def _owners(ids: set[int]) -> Iterable[tuple[int, str, str]]:
    return Variant.objects.filter(pk__in=ids).values_list(
        "pk",
        Coalesce("campaign__encoding_policy", "step__journey__encoding_policy"),
        Coalesce("step__journey__category", Value(Category.MARKETING)),
    )


def _read(
    texts: Mapping[str, str],
    positions: Mapping[str, Mapping[str, int]],
    *,
    policy: str,
    category: str,
) -> Wording:
    bodies: dict[str, Body] = {}
    faults: dict[str, InvalidBody] = {}
    for language, source in texts.items():
        try:
            bodies[language] = Body(
                compiled=text.compile_body(source),
                positions=positions.get(language, {}),
            )
        except InvalidBody as fault:
            faults[language] = fault
    return Wording(bodies=bodies, faults=faults, policy=policy, category=category)
