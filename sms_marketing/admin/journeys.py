"""Journeys: when they start, what they say, and the switch that turns them on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from sms_marketing import journeys, sending, text
from sms_marketing.admin import columns
from sms_marketing.admin.screens import RowForm, Screen
from sms_marketing.exceptions import InvalidBody, InvalidTransition, NotSendable
from sms_marketing.models import Journey, Step, Variant, VariantBody


class JourneyForm(RowForm[Journey]):
    """The journey, how long it waits, and one text for each step and language."""

    class Meta:
        model = Journey
        fields = [
            *("name", "category", "topic", "trigger_event", "conditions"),
            *("exit_events", "restarts", "guard", "sender", "encoding_policy"),
        ]
        widgets = {
            "conditions": forms.Textarea(attrs={"rows": 2}),
            "exit_events": forms.Textarea(attrs={"rows": 2}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for step in self.steps:
            if step.kind == Step.Kind.WAIT:
                self.fields[f"wait_{step.pk}"] = _wait_field(step)
                continue
            for language in self.instance.brand.languages:
                self.fields[_text_name(step, language)] = _text_field(step, language)

    @property
    def steps(self) -> list[Step]:
        """In the order in which they are taken; none before the journey is saved."""
        return list(self.instance.steps.all()) if self.instance.pk else []

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for step, language in self._texts():
            name = _text_name(step, language)
            words = cleaned.get(name, "")
            fields = sending.known_fields(Variant(step=step))
            try:
                # Empty takes the text of that language out.
                if words:
                    text.check_body(words, known_fields=fields)
            except InvalidBody as error:
                self.add_error(name, ValidationError(str(error)))
        return cleaned

    def save_steps(self) -> None:
        """Write waits and texts; links in them keep their positions."""
        for step in self.steps:
            if step.kind == Step.Kind.WAIT:
                step.wait_seconds = self.cleaned_data[f"wait_{step.pk}"] * 60
                step.save(update_fields=["wait_seconds"])
        for step, language in self._texts():
            variant, _created = Variant.objects.get_or_create(step=step)
            words = self.cleaned_data[_text_name(step, language)].strip()
            if words:
                sending.save_body(variant, language=language, text=words)
            else:
                variant.bodies.filter(language=language).delete()

    def _texts(self) -> Iterator[tuple[Step, str]]:
        for step in self.steps:
            if step.kind == Step.Kind.SEND:
                for language in self.instance.brand.languages:
                    yield step, language


@admin.register(Journey)
class JourneyAdmin(Screen[Journey]):
    """Ready-made ones are there after ``migrate``; a marketer edits and starts them."""

    list_display = ["name", "status_badge", "category", "trigger_event", "sender"]
    list_filter = ["status", "category"]
    list_select_related = ["sender"]
    ordering = ["name"]
    form = JourneyForm

    def get_fieldsets(self, request: HttpRequest, obj: Journey | None = None) -> Any:
        form = JourneyForm(instance=obj)
        texts = [name for name in form.fields if name.startswith(("wait_", "text_"))]
        return [
            (None, {"fields": ["name", "category", "topic", "sender"]}),
            (_("What it says, and when"), {"fields": texts}),
            (
                _("When it starts and ends"),
                {
                    "fields": [
                        *("trigger_event", "conditions", "exit_events"),
                        *("restarts", "guard", "encoding_policy"),
                    ]
                },
            ),
        ]

    def get_form(
        self,
        request: HttpRequest,
        obj: Journey | None = None,
        change: bool = False,
        **kwargs: Any,
    ) -> Any:
        # Its fields depend on the row, so Django's factory cannot know them.
        return (
            JourneyForm if change else super().get_form(request, obj, change, **kwargs)
        )

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, journey: Journey) -> str:
        return columns.badge(journey.status, journey.get_status_display())

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Journey, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        form.save_steps()

    def get_urls(self) -> list[URLPattern]:
        def own(name: str, act: Callable[[Journey], object]) -> URLPattern:
            def view(request: HttpRequest, pk: int) -> HttpResponse:
                return self._switch(request, pk, act)

            wrapped = self.admin_site.admin_view(require_POST(view))
            return path(
                f"<int:pk>/{name}/", wrapped, name=f"sms_marketing_journey_{name}"
            )

        switches = [own("start", journeys.activate), own("pause", journeys.pause)]
        return switches + super().get_urls()

    def _switch(
        self, request: HttpRequest, pk: int, act: Callable[[Journey], object]
    ) -> HttpResponse:
        if not request.user.has_perm("sms_marketing.operate_journey"):
            raise PermissionDenied
        journey = get_object_or_404(Journey, pk=pk)
        try:
            act(journey)
            messages.success(request, gettext("Done."))
        except NotSendable as error:
            messages.error(request, error.reason)
        except InvalidTransition as error:
            messages.warning(request, str(error))
        return redirect(reverse("admin:sms_marketing_journey_change", args=[pk]))


def _text_name(step: Step, language: str) -> str:
    return f"text_{step.pk}_{language}"


def _text_field(step: Step, language: str) -> forms.CharField:
    body = VariantBody.objects.filter(variant__step=step, language=language).first()
    return forms.CharField(
        label=gettext("Text, %s") % columns.language_name(language),
        required=False,
        initial=body.text if body else "",
        widget=forms.Textarea(attrs={"rows": 3, "lang": language}),
    )


def _wait_field(step: Step) -> forms.IntegerField:
    return forms.IntegerField(
        label=_("Minutes to wait"),
        min_value=0,
        initial=step.wait_seconds // 60,
    )
