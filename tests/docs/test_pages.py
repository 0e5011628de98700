"""Every Python block of README and docs/ runs, and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.urls import include, path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[str]:
    return FENCE.findall(page.read_text())


@pytest.mark.django_db
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=relative)
def test_blocks_of_the_page_run(page: Path) -> None:
    # What a settings or urls module of a host has before our lines are added.
    names = {
        "INSTALLED_APPS": [],
        "urlpatterns": [],
        "env": lambda name: f"value-of-{name}",
        "include": include,
        "path": path,
        "request": SimpleNamespace(META={}, headers={}),
    }
    for number, block in enumerate(blocks(page), 1):
        if (shown := first_line(block)) and (ROOT / shown).is_file():
            # An excerpt of a real file is that file's text; the file runs by itself.
            excerpt = block.split("\n", 1)[1].strip()
            assert excerpt in (ROOT / shown).read_text()
            continue
        exec(compile(block, f"{relative(page)}, block {number}", "exec"), names)


def first_line(block: str) -> str:
    found = re.match(r"# (\S+\.py)\n", block)
    return found[1] if found else ""


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_of_the_page_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), target
