"""The form of a campaign: to whom, when, and a text for each language."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext_lazy as _

from sms_marketing import sending, text
from sms_marketing.admin.screens import RowForm
from sms_marketing.exceptions import InvalidBody
from sms_marketing.models import (
    Brand,
    Campaign,
    Category,
    Segment,
    Sender,
    Variant,
    VariantBody,
)

PREFIX = "text_"

#: Submit buttons that show the form again and save nothing.
LOOKS = ("_preview",)


class SegmentsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Segments to tick, each with how many it had when last counted."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Any) -> str:
        if obj.last_count is None:
            return str(obj.name)
        people = ngettext("%(count)s person", "%(count)s people", obj.last_count)
        count = number_format(obj.last_count, force_grouping=True)
        return f"{obj.name} ({people % {'count': count}})"


class CampaignForm(RowForm[Campaign]):
    """A text that cannot be sent is told at its field, and stays there as typed."""

    segments = SegmentsField(
        label=_("to these"), queryset=Segment.objects.all(), required=False
    )
    excluded_segments = SegmentsField(
        label=_("but not to these"), queryset=Segment.objects.all(), required=False
    )

    class Meta:
        model = Campaign
        fields = [
            *("name", "brand", "sender", "topic", "segments", "excluded_segments"),
            *("schedule", "send_on", "send_time", "late_policy"),
            *("encoding_policy", "holdout_percent"),
        ]
        widgets = {
            "schedule": forms.RadioSelect,
            "encoding_policy": forms.RadioSelect,
            "late_policy": forms.RadioSelect,
            "send_on": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
            "send_time": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }
        help_texts = {
            "topic": _("Empty: for everybody who agreed to marketing as a whole."),
            "holdout_percent": _("So many get nothing, to see what would have been."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        usable = Q(is_enabled=True, allows_marketing=True)
        if self.instance.sender_id:
            usable |= Q(pk=self.instance.sender_id)
        self.fields["sender"].queryset = Sender.objects.filter(usable)  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.initial.setdefault("brand", self.brand.pk)
            self.initial.setdefault("sender", _usual_sender(self.brand))
        for language in self.languages:
            self.fields[PREFIX + language] = _text_field(
                language, self.saved_texts.get(language, "")
            )

    @cached_property
    def brand(self) -> Brand:
        """The brand that is chosen in the form, else the campaign's, else the usual."""
        chosen = self.data.get("brand") or self.instance.brand_id or ""
        found = Brand.objects.filter(pk=chosen) if str(chosen).isdigit() else None
        return (found and found.first()) or Brand.objects.get_default()

    @cached_property
    def saved_texts(self) -> dict[str, str]:
        """What is kept, by language."""
        if self.instance.pk is None:
            return {}
        variant = self.instance.variants.first()
        bodies = VariantBody.objects.filter(variant=variant)
        return dict(bodies.values_list("language", "text"))

    @cached_property
    def languages(self) -> list[str]:
        """The brand's, and those in which something is written already."""
        written = [name.removeprefix(PREFIX) for name in self.data]
        known = {str(code) for brand in Brand.objects.all() for code in brand.languages}
        extra = [language for language in written if language in known]
        return list(dict.fromkeys([*self.brand.languages, *self.saved_texts, *extra]))

    @property
    def text_fields(self) -> Iterator[forms.BoundField]:
        """One for each language, the fallback first."""
        return (self[PREFIX + language] for language in self.languages)

    @property
    def typed_texts(self) -> dict[str, str]:
        """What stands in the fields, by language; only those with a text."""
        typed = {
            language: str(self[PREFIX + language].value() or "")
            for language in self.languages
        }
        return {language: words for language, words in typed.items() if words.strip()}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sender, brand = cleaned.get("sender"), cleaned.get("brand")
        if sender and brand and sender.brand_id != brand.pk:
            self.add_error("sender", _("This sender belongs to another brand."))
        for language, words in self.typed_texts.items():
            fault = fault_of(words)
            if fault:
                self.add_error(PREFIX + language, ValidationError(fault))
        return cleaned

    def is_valid(self) -> bool:
        return super().is_valid() and not any(name in self.data for name in LOOKS)

    def save_texts(self) -> None:
        """Keep what was typed, through the room that also keeps its links."""
        variant = self.instance.variants.first()
        if variant is None:
            variant = Variant.objects.create(campaign=self.instance)
        typed = self.typed_texts
        for language in self.languages:
            if language in typed:
                sending.save_body(variant, language, typed[language])
            else:
                variant.bodies.filter(language=language).delete()


def fault_of(words: str) -> str:
    """What is wrong with a text of a campaign; empty when nothing is."""
    try:
        text.check_body(words, known_fields=sending.known_fields(Variant()))
    except InvalidBody as fault:
        return str(fault)
    return ""


def language_name(code: str) -> str:
    """A language as people call it, or its code."""
    try:
        return str(get_language_info(code)["name_translated"]).capitalize()
    except KeyError:
        return code


def _usual_sender(brand: Brand) -> Sender | None:
    return sending.choose_sender(brand, category=Category.MARKETING)


def _text_field(language: str, initial: str) -> forms.CharField:
    return forms.CharField(
        label=language_name(language),
        required=False,
        initial=initial,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 4, "lang": language, "class": "sms-text", "dir": "auto"}
        ),
    )
