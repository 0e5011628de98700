"""The shop's consent: the exact wordings, and their proof kept by the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sms_marketing import contacts, phones
from sms_marketing.conf import settings as sms_settings
from sms_marketing.exceptions import InvalidPhone


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What stands beside the box. A changed text gets a new id, the old one stays."""

    id: str
    language: str
    text: str


WORDINGS: Mapping[str, Wording] = {
    wording.id: wording
    for wording in (
        Wording(
            id="lv-1",
            language="lv",
            text="Jā, vēlos saņemt “Vējš & Sāls” piedāvājumus un atgādinājumus īsziņās "
            "(SMS). Piekrišana nav pirkuma nosacījums; to varu jebkurā brīdī atsaukt, "
            "atbildot STOP vai atverot īsziņā norādīto saiti.",
        ),
        Wording(
            id="en-1",
            language="en",
            text="Yes, I would like to get offers and reminders from Vējš & Sāls "
            "by text message (SMS). My consent is not a condition of purchase; "
            "I can withdraw it at any time by replying STOP or by the link in a "
            "message.",
        ),
        Wording(
            id="ru-1",
            language="ru",
            text="Да, я хочу получать предложения и напоминания «Vējš & Sāls» по SMS. "
            "Согласие не является условием покупки; я могу отозвать его в любой "
            "момент, ответив STOP или по ссылке в сообщении.",
        ),
    )
}
# The newest wording of each language.
CURRENT: Mapping[str, Wording] = {item.language: item for item in WORDINGS.values()}


def current_wording(language: str) -> Wording:
    """What to show a visitor who reads this language."""
    return CURRENT.get(language.partition("-")[0], CURRENT["en"])


def full_phone(raw: str) -> str:
    """Its international form, as +37121234567; ValidationError if it is no number."""
    try:
        return phones.normalize(raw, region=sms_settings().DEFAULT_REGION)
    except InvalidPhone as error:
        raise ValidationError(
            _("This is not a mobile number we can text. Write it like 2123 4567."),
            code="invalid_phone",
        ) from error


def record(
    request: HttpRequest,
    *,
    phone: str,
    wording: Wording,
    form_id: str,
    profile: Mapping[str, str],
) -> None:
    """Keep the proof that this visitor ticked the box, and what stood beside it."""
    contacts.opt_in(
        phone,
        method="web_form",
        wording=wording.text,
        wording_language=wording.language,
        evidence={
            "form": form_id,
            "wording_id": wording.id,
            "checkbox_default": "unticked",
            "url": request.build_absolute_uri(request.path),
        },
        personal={
            # Behind a proxy, let the server set REMOTE_ADDR: headers can be forged.
            "ip": request.META.get("REMOTE_ADDR", ""),
            "user_agent": request.headers.get("User-Agent", "")[:300],
        },
        profile=profile,
    )
