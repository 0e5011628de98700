"""The page on rule kinds says what the code does."""

from __future__ import annotations

import json
import re

import pytest
from django.utils import translation

from sms_marketing.segments import parse, rule_kinds, to_json
from tests.segments.reference_page import EXAMPLES, PAGE, render

TEXT = PAGE.read_text("utf-8")
TREES = re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL)
LINES = re.findall(r"^\{.*\}$", TEXT, re.MULTILINE)


def test_page_is_the_registry() -> None:
    with translation.override("en"):
        assert render() == TEXT, "Write it anew: see reference_page.py."


@pytest.mark.parametrize("block", [*TREES, *LINES])
def test_example_is_read_and_written_back(block: str) -> None:
    assert to_json(parse(json.loads(block))) == json.loads(block)


def test_every_operator_has_an_example() -> None:
    operators = {
        (key, operator.key)
        for key, kind in rule_kinds.items()
        for operator in kind.operators
    }

    assert set(EXAMPLES) == operators
    assert (len(TREES), len(LINES)) == (1, len(operators))


def test_every_type_of_value_is_explained() -> None:
    types = {
        parameter.type
        for _key, kind in rule_kinds.items()
        for operator in kind.operators
        for parameter in operator.parameters
    }
    values = TEXT.split("## Values")[1].split("\n## ")[0]

    assert {kind for kind in types if f"`{kind}`" in values} == types
