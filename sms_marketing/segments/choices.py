"""Parameters that several kinds share, and what may be chosen for them."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from sms_marketing.models import Brand, Segment
from sms_marketing.segments.parameters import CodeParameter, Option, Text


def brand_options() -> list[Option]:
    """Return (code, name) of every brand."""
    return list(Brand.objects.values_list("code", "name"))


def fixed_list_options() -> list[Option]:
    """Return (id, name) of every segment that is a fixed list."""
    lists = Segment.objects.filter(kind=Segment.Kind.STATIC)
    return list(lists.values_list("pk", "name"))


def brand_parameter(help_text: Text) -> CodeParameter:
    """Return an optional brand, with what its absence means."""
    return CodeParameter(
        name="brand",
        label=_("brand"),
        help=help_text,
        required=False,
        options=brand_options,
    )
