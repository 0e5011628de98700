"""Modules hold one idea and functions one level: the budgets of the house."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "sms_marketing"
MODULES = sorted(
    path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts
)
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 45
#: Written out to say "not in this house".
BANNED_NAMES = {"utils", "helpers", "services", "managers", "misc", "common"}


def relative(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_module_is_short_and_says_what_it_is_for(path: Path) -> None:
    source = path.read_text()

    assert len(source.splitlines()) <= MAX_MODULE_LINES
    assert ast.get_docstring(ast.parse(source))
    assert path.stem not in BANNED_NAMES


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_functions_are_short_and_import_nothing(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        # Without the signature: a door names each of its arguments on its own line.
        length = (node.end_lineno or 0) - node.body[0].lineno + 1
        assert length <= MAX_FUNCTION_LINES, f"{node.name} has {length} lines"
        inner = [
            n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)
        ]
        assert not inner, f"{node.name} imports inside"
