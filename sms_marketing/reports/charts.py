"""Bars as SVG, made on the server: no script, no inline style, readable by all.

Every chart has a table twin in its template; the SVG is a picture of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sms_marketing.reports.figures import FunnelStep

WIDTH = 640
ROW = 30
LABEL_WIDTH = 170
VALUE_WIDTH = 80


def bars(steps: Sequence[FunnelStep], *, title: str) -> SafeString:
    """One horizontal bar for each step, as long as its share of the first."""
    rows = format_html_join(
        "", _ROW_SVG, (_row(index, s) for index, s in enumerate(steps))
    )
    return format_html(
        '<svg class="sms-chart" role="img" viewBox="0 0 {} {}">'
        "<title>{}</title>{}</svg>",
        WIDTH,
        ROW * len(steps),
        title,
        rows,
    )


_ROW_SVG = (
    '<text class="sms-chart-label" x="0" y="{}">{}</text>'
    '<rect class="sms-chart-bar" x="{}" y="{}" width="{}" height="{}" rx="3"></rect>'
    '<text class="sms-chart-value" x="{}" y="{}">{}</text>'
)


def _row(index: int, step: FunnelStep) -> tuple[object, ...]:
    top = index * ROW
    baseline = top + ROW - 11
    length = round((WIDTH - LABEL_WIDTH - VALUE_WIDTH) * min(step.share, 1.0))
    # One pixel at least, so that a small share is not taken for none.
    length = max(length, 1) if step.count else 0
    value_x = LABEL_WIDTH + length + 8
    return (
        *(baseline, step.label),
        *(LABEL_WIDTH, top + 5, length, ROW - 12),
        *(value_x, baseline, f"{step.count:,}".replace(",", " ")),
    )
