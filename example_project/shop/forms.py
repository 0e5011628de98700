"""The shop's two forms that ask for a number, and the consent box that both carry."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from example_project.shop import consent


class PhoneField(forms.CharField):
    """A number in any spelling; clean() gives it with its country code."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
        )
        super().__init__(max_length=40, widget=widget, **kwargs)

    def clean(self, value: str) -> str:
        """ValidationError at this field if no SMS can reach it."""
        return consent.full_phone(super().clean(value))


class ConsentForm(forms.Form):
    """A form with the unticked box and the wording that was really shown beside it."""

    phone = PhoneField(label=_("Mobile phone"))
    consent = forms.BooleanField(required=False)
    # The id of what the visitor read: the language may change in another tab.
    wording = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shown = consent.current_wording(get_language() or "en")
        self.wording_is_unknown = False
        if self.is_bound:
            self._keep_posted_wording()
        self.fields["consent"].label = self.shown.text
        self.fields["wording"].initial = self.shown.id
        for name, field in self.fields.items():
            if name in self.errors:
                field.widget.attrs["aria-invalid"] = "true"
                field.widget.attrs["aria-describedby"] = (
                    f"{self[name].id_for_label}_error"
                )

    def clean_consent(self) -> bool:
        """Nobody agrees to a text that we do not know."""
        if self.wording_is_unknown:
            raise ValidationError(
                _("The text has changed. Please read it again."), code="wording"
            )
        return bool(self.cleaned_data["consent"])

    def _keep_posted_wording(self) -> None:
        posted = consent.WORDINGS.get(self.data.get(self.add_prefix("wording"), ""))
        if posted is not None:
            self.shown = posted
            return
        self.wording_is_unknown = True
        self.data = self.data.copy()
        self.data[self.add_prefix("wording")] = self.shown.id
        self.data.pop(self.add_prefix("consent"), None)


class CheckoutForm(ConsentForm):
    """Who buys, and where to."""

    form_id = "checkout"

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    city = forms.CharField(
        label=_("City"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "address-level2"}),
    )
    language = forms.ChoiceField(
        label=_("Language of our messages"), choices=settings.LANGUAGES
    )

    field_order = ["name", "phone", "city", "language", "consent", "wording"]


class KeepCartForm(ConsentForm):
    """A number for one reminder about this basket: marketing, so the box is needed."""

    form_id = "keep-cart"

    def clean_consent(self) -> bool:
        """Without consent there is nothing to keep the number for."""
        if not super().clean_consent():
            raise ValidationError(
                _("Tick the box if we may text you; without it we keep no number."),
                code="required",
            )
        return True
