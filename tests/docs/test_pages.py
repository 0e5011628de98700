"""Every Python block of README and docs/ runs, and every link leads somewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone

from example_project import shop
from example_project.shop.models import Customer, Order
from sms_marketing import events

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
KEYS = ("SMS_LEDGER_KEY", "SMS_LINK_KEY", "VENDOR_TOKEN", "VENDOR_CALLBACK_SECRET")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> list[str]:
    return FENCE.findall(page.read_text())


@pytest.fixture
def reader(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What the reader has: an app `shop` that nobody has bound, an order, the keys."""
    monkeypatch.setitem(sys.modules, "shop", shop)
    monkeypatch.setitem(sys.modules, "shop.models", shop.models)
    for name in KEYS:
        monkeypatch.setenv(name, f"value-of-{name}")
    buyer = Customer.objects.create(name="Anna Liepa", phone="+37120000001")
    values = {"customer": buyer, "phone": buyer.phone, "total": 13}
    Order.objects.create(placed_at=timezone.now(), **values)
    bound = events.registry.get("shop.Order")
    events.remove_binding("shop.Order")
    yield
    if "shop.Order" in events.registry:
        events.remove_binding("shop.Order")
    events.registry.add("shop.Order", bound)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=relative)
def test_blocks_of_the_page_run(page: Path) -> None:
    # What a settings or urls module of a host has before our lines are added.
    names = {
        "INSTALLED_APPS": [],
        "DATABASES": {"default": {}},
        "urlpatterns": [],
    }
    if page.parent.name == "reference":  # no page to be followed step by step
        names["env"] = lambda name: f"value-of-{name}"
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
