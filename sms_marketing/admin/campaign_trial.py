"""The page of a test send: to which phone, as for whom, in which language."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms_marketing import campaigns
from sms_marketing.admin.campaign_form import language_name
from sms_marketing.admin.campaign_preview import ID, Draft, label_of, people_of
from sms_marketing.exceptions import InvalidPhone, NotSendable
from sms_marketing.models import Contact, Message


class TrialForm(forms.Form):
    """What is wrong is told at its field, and what was typed stays."""

    phone = forms.CharField(
        label=_("Phone"),
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "placeholder": "+371"}
        ),
    )
    like = forms.ChoiceField(label=_("As it reaches"), required=False)
    language = forms.ChoiceField(label=_("Language"), required=False)

    def __init__(self, draft: Draft, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.draft = draft
        self.people = {str(person.pk): person for person in self._people()}
        self._offer("like", [(pk, label_of(one)) for pk, one in self.people.items()])
        self._offer(
            "language",
            [
                ("", gettext("the language of this recipient")),
                *((language, language_name(language)) for language in draft.texts),
            ],
        )

    def send(self, *, by: AbstractBaseUser) -> Message | None:
        """Send the test; None when it could not be sent, which is told by then."""
        if not self.is_valid():
            return None
        asked = self.cleaned_data
        try:
            return campaigns.send_test(
                self.draft.campaign,
                phone=asked["phone"],
                like=self.people.get(asked["like"]),
                language=asked["language"],
                by=by,
            )
        except InvalidPhone as fault:
            self.add_error("phone", gettext(str(fault)))
        except NotSendable as refusal:
            self.add_error(None, refusal.reason)
        return None

    def _people(self) -> list[Contact]:
        # Whoever was looked at in the preview stands first, if it is for them.
        wanted = self.data.get("like") or self.initial.get("like", "")
        return people_of(self.draft, also=int(wanted) if ID.fullmatch(wanted) else None)

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]
        if len(choices) < 2:
            self.fields[name].widget = forms.HiddenInput()
            self.initial[name] = choices[0][0] if choices else ""


def query_of(posted: Any) -> str:
    """What of the editor's preview the page of a test goes on with."""
    chosen = {
        "like": posted.get("preview_contact", ""),
        "language": posted.get("preview_language", ""),
    }
    kept = {name: value for name, value in chosen.items() if value}
    return f"?{urlencode(kept)}" if kept else ""
