"""Segments: build rules, and see at once whom they mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sms_marketing import segments
from sms_marketing.admin import columns
from sms_marketing.admin.screens import RowForm, Screen
from sms_marketing.exceptions import InvalidRule
from sms_marketing.models import Campaign, CampaignStatus, Segment

#: People shown beside a count, so that a marketer sees that the rules mean them.
SAMPLES = 5

#: A campaign in one of these reads its segments again.
USED_IN = (CampaignStatus.DRAFT, CampaignStatus.SCHEDULED, CampaignStatus.LAUNCHING)


class RulesField(forms.JSONField):
    """A tree of rules as JSON, checked, and shown again exactly as it was typed."""

    widget = forms.Textarea(
        attrs={"rows": 12, "spellcheck": "false", "class": "sms-code"}
    )

    def to_python(self, value: Any) -> Any:
        try:
            rules = super().to_python(value)
            segments.parse({} if rules is None else rules)
        except InvalidRule as fault:
            raise FaultyRules(fault) from fault
        except RecursionError as error:
            text = gettext("Groups are nested too deep.")
            raise ValidationError(text, code="invalid") from error
        return {} if rules is None else rules

    def bound_data(self, data: Any, initial: Any) -> Any:
        return data

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        return json.dumps(value, indent=2, ensure_ascii=False)


class FaultyRules(ValidationError):
    """Says where in the tree the fault is, for people and for the script."""

    def __init__(self, fault: InvalidRule) -> None:
        self.path = fault.path
        where = fault.path or gettext("rules")
        super().__init__(f"{where}: {fault.reason}", code="invalid_rule")


class SegmentForm(RowForm[Segment]):
    """A name and a tree of rules; "Count" shows the form again and saves nothing."""

    rules = RulesField(
        label=_("rules as text (JSON)"),
        required=False,
        initial=dict,
        help_text=_("Empty: everybody. The builder above writes it for you."),
    )

    class Meta:
        model = Segment
        fields = ["name", "description", "kind", "rules"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 2}),
            "kind": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def is_valid(self) -> bool:
        return super().is_valid() and "_count" not in self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One member as a marketer may see them: no surname, no whole number."""

    first_name: str
    masked: str
    city: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Whom a segment means: how many, in words, and a few of them; or what is wrong."""

    count: int | None = None
    sentences: Sequence[str] = ()
    people: Sequence[Person] = ()
    error: str = ""
    error_path: str = ""


def look_at(segment: Segment) -> Look:
    """Count a segment, tell it in words, and take a few of its members."""
    found = segments.audience(segment)
    some = found.values_list("first_name", "phone", "city")[:SAMPLES]
    people = [
        Person(first_name=name, masked=columns.masked(phone), city=city)
        for name, phone, city in some
    ]
    return Look(count=segments.count(segment), sentences=told(segment), people=people)


def told(segment: Segment) -> list[str]:
    """The rules in words; a fixed list is told as such."""
    if segment.kind == Segment.Kind.STATIC:
        return [gettext("A fixed list of contacts")]
    try:
        return segments.describe(segment.rules)
    except InvalidRule as fault:
        return [gettext("These rules cannot be read: %s") % fault]


def look_at_posted(data: Any, saved: Segment | None = None) -> Look:
    """The same for rules that are not saved yet."""
    if data.get("kind") == Segment.Kind.STATIC:
        return look_at(saved or Segment(kind=Segment.Kind.STATIC, pk=0))
    try:
        rules = RulesField(required=False).clean(data.get("rules", ""))
        return look_at(Segment(rules=rules))
    except FaultyRules as error:
        return Look(error=error.messages[0], error_path=error.path)
    except InvalidRule as fault:  # A row that the rules name is not there (a brand).
        return Look(error=str(fault), error_path=fault.path)
    except ValidationError as error:
        return Look(error=error.messages[0])


@admin.register(Segment)
class SegmentAdmin(Screen[Segment]):
    """Rules are kept as a tree; the builder and the text below it write the same."""

    list_display = ["name", "meaning", "members_count", "counted", "changed"]
    list_filter = ["kind"]
    search_fields = ["name", "description"]
    ordering = ["name"]
    form = SegmentForm
    fields = ["name", "description", "kind", "rules"]

    @admin.display(description=_("who"))
    def meaning(self, segment: Segment) -> str:
        return " · ".join(told(segment))

    @admin.display(description=_("people"), ordering="last_count")
    def members_count(self, segment: Segment) -> str:
        return "—" if segment.last_count is None else _number(segment.last_count)

    @admin.display(description=_("counted"), ordering="last_counted_at")
    def counted(self, segment: Segment) -> str:
        return columns.local(segment.last_counted_at)

    @admin.display(description=_("changed"), ordering="updated_at")
    def changed(self, segment: Segment) -> str:
        return columns.local(segment.updated_at)

    def has_delete_permission(
        self, request: HttpRequest, obj: Segment | None = None
    ) -> bool:
        """Not while a campaign that is not sent yet would lose its audience by it."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (obj and _is_needed(obj))

    def save_model(self, request: Any, obj: Segment, form: Any, change: bool) -> None:
        if not change:
            obj.created_by = request.user
            obj.created_by_name = columns.name_of(request.user)
        super().save_model(request, obj, form, change)
        segments.count(obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        segment = kwargs.get("obj") or Segment()
        context["kinds"] = segments.describe_kinds()
        context["sentences"] = told(segment)
        context["rules_text"] = RulesField().prepare_value(segment.rules)
        if "_count" in request.POST:
            context["look"] = look_at_posted(request.POST, saved=kwargs.get("obj"))
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.count_view))
        return [
            path("count/", view, name="sms_marketing_segment_count"),
            path("<int:pk>/count/", view, name="sms_marketing_segment_count"),
            *super().get_urls(),
        ]

    def count_view(self, request: HttpRequest, pk: int | None = None) -> HttpResponse:
        """Count what is in the form now, as a piece of the page."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        saved = get_object_or_404(Segment, pk=pk) if pk else None
        context = {"look": look_at_posted(request.POST, saved)}
        return render(request, "sms_marketing/admin/segment_look.html", context)


def _is_needed(segment: Segment) -> bool:
    named = Q(segments=segment) | Q(excluded_segments=segment)
    return Campaign.objects.filter(named, status__in=USED_IN).exists()


def _number(count: int) -> str:
    return number_format(count, force_grouping=True)
