"""The page docs/reference/segment-rules.md, drawn from the registry of rule kinds.

Write it anew by calling ``write()`` in ``python -m django shell``, with
``DJANGO_SETTINGS_MODULE=tests.settings``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any

from django.utils import translation

from sms_marketing.segments import (
    MAX_DEPTH,
    MAX_NODES,
    ChoiceParameter,
    IntegerParameter,
    Parameter,
    RuleKind,
    rule_kinds,
)

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "segment-rules.md"

INTRODUCTION = f"""\
# Segment rules

The rules of a segment are a tree, kept as JSON. This page is written from the registry
of rule kinds by `tests/segments/reference_page.py`; a test compares the two and reads
every example.

## The tree

| JSON | true when |
|---|---|
| `{{}}` | always: everybody who was not erased |
| `{{"all": [node, …]}}` | each of the nodes is true |
| `{{"any": [node, …]}}` | at least one of the nodes is true |
| `{{"not": node}}` | the node is false |
| `{{"kind": …, "op": …, …}}` | a rule: one question, see below |

A node is a group or a rule. At most {MAX_NODES} nodes, at most {MAX_DEPTH} deep.
Anything else is refused with `InvalidRule`, whose `path` points at the fault
(`all[1].not.value`).

```json
{{"all": [
  {{"kind": "consent", "op": "opted_in"}},
  {{"kind": "city", "op": "in", "value": ["Rīga", "Jūrmala"]}},
  {{"any": [
    {{"kind": "purchase_sum", "op": "at_least", "value": "100.00", "within_days": 365}},
    {{"kind": "tag", "op": "has", "value": ["VIP"]}}
  ]}},
  {{"not": {{"kind": "last_purchase", "op": "within", "value": 14}}}}
]}}
```

## What always holds

- A rule on a value that is not known is false, and its `not` is true. `is_not` is such
  a rule: it asks for a city that is known and is another one.
- What a contact bought, likes or belongs to is never "not known": without purchases the
  number and the amount are 0, without interests none is there.
- Text is compared as NFC, with single spaces and without letter case; accents stay.
- Days are whole days of the calendar where the brand is: the brand that the audience is
  for, else the default one. `within_days: 1` is today and yesterday.
- An audience is asked at one instant, `now`; what was bought later is not in it.
- The same rules name the same contacts on PostgreSQL, MariaDB and SQLite.

## Values

| type | JSON |
|---|---|
| `text` | a text of 1 to 120 letters |
| `text_list` | a list of 1 to 100 texts |
| `integer`, `days` | a whole number within the bounds given |
| `money` | an amount as text, `"12.50"`: up to nine digits, a point, six more |
| `date` | a day as `"2026-05-31"` |
| `choice` | one of the words given |
| `code` | the code of a brand |
| `id` | the id of a segment that is a fixed list |

"""

EXAMPLES: dict[tuple[str, str], dict[str, Any]] = {
    ("consent", "opted_in"): {"topic": "offers"},
    ("consent", "opted_out"): {"brand": "default"},
    ("consent", "pending"): {"channel": "sms"},
    ("consent", "unknown"): {},
    ("interest", "has"): {"value": ["kafija", "tēja"]},
    ("interest", "has_not"): {"value": ["kafija"]},
    ("tag", "has"): {"value": ["VIP"]},
    ("tag", "has_not"): {"value": ["VIP", "B2B"]},
    ("fixed_list", "in"): {"value": 7},
    ("fixed_list", "not_in"): {"value": 7},
    ("age", "between"): {"from": 25, "to": 40},
    ("age", "at_least"): {"value": 18},
    ("age", "at_most"): {"value": 30},
    ("city", "is"): {"value": "Rīga"},
    ("city", "is_not"): {"value": "Rīga"},
    ("city", "in"): {"value": ["Rīga", "Jūrmala"]},
    ("country", "is"): {"value": "LV"},
    ("country", "is_not"): {"value": "LV"},
    ("country", "in"): {"value": ["LV", "LT", "EE"]},
    ("language", "is"): {"value": "lv"},
    ("language", "is_not"): {"value": "lv"},
    ("language", "in"): {"value": ["lv", "ru"]},
    ("last_purchase", "within"): {"value": 30},
    ("last_purchase", "before"): {"value": 180},
    ("last_purchase", "never"): {},
    ("purchase_count", "at_least"): {"value": 3, "within_days": 90},
    ("purchase_count", "at_most"): {"value": 1},
    ("purchase_count", "exactly"): {
        "value": 0,
        "since": "2026-01-01",
        "until": "2026-03-31",
    },
    ("purchase_sum", "at_least"): {"value": "100.00"},
    ("purchase_sum", "more_than"): {"value": "99.99", "since": "2026-01-01"},
    ("purchase_sum", "at_most"): {"value": "50"},
    ("purchase_sum", "less_than"): {"value": "50.00", "within_days": 365},
}


def render() -> str:
    """Return the whole page."""
    sections = ["".join(_section(kind)) for _key, kind in rule_kinds.items()]
    return INTRODUCTION + "\n".join(sections)


def write() -> None:
    """Put the page where it stands, in English."""
    with translation.override("en"):
        PAGE.write_text(render(), encoding="utf-8")


def _section(kind: RuleKind) -> Iterator[str]:
    yield f"## `{kind.key}`\n\n{_upper(str(kind.label))}. {kind.help}".rstrip() + "\n"
    yield "\n| op | asks |\n|---|---|\n"
    for operator in kind.operators:
        yield f"| `{operator.key}` | {kind.label} {operator.label} |\n"
    groups = groupby(kind.operators, key=attrgetter("parameters"))
    for parameters, operators in groups:
        names = ", ".join(f"`{operator.key}`" for operator in operators)
        yield f"\n| with {names} | type | | |\n|---|---|---|---|\n"
        yield from (_row(parameter) for parameter in parameters)
    yield "\n```jsonl\n"
    for operator in kind.operators:
        values = EXAMPLES[kind.key, operator.key]
        example = {"kind": kind.key, "op": operator.key, **values}
        yield json.dumps(example, ensure_ascii=False) + "\n"
    yield "```\n"


def _row(item: Parameter) -> str:
    need = "required" if item.required else "optional"
    told = [_upper(str(item.label)), str(item.help).rstrip("."), _bounds(item)]
    words = ". ".join(part for part in told if part)
    return f"| `{item.name}` | `{item.type}` | {need} | {words} |\n"


def _bounds(item: Parameter) -> str:
    # Brands and lists are left out: they are rows of a database.
    match item:
        case ChoiceParameter():
            return ", ".join(f"`{key}`" for key, _label in item.choices)
        case IntegerParameter():
            return f"{item.minimum} to {item.maximum}"
    return ""


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
