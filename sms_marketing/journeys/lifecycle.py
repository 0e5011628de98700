"""Starting and pausing journeys, and what keeps one from starting."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import router
from django.utils.translation import gettext as _

from sms_marketing import events, sending
from sms_marketing import text as letters
from sms_marketing.conf import settings
from sms_marketing.exceptions import InvalidBody, InvalidTransition, NotSendable
from sms_marketing.models import (
    Category,
    Journey,
    JourneyStatus,
    Step,
)

#: From which statuses which one may be reached.
MOVES = {
    JourneyStatus.LIVE: (JourneyStatus.DRAFT, JourneyStatus.PAUSED),
    JourneyStatus.PAUSED: (JourneyStatus.LIVE,),
}


def activate(journey: Journey) -> Journey:
    """Let a journey take contacts in, from the next event on.

    Raises NotSendable with everything that is to be mended, a line for each, and
    InvalidTransition if it is live already.
    """
    found = problems(journey)
    if found:
        raise NotSendable("\n".join(found))
    return _move(journey, JourneyStatus.LIVE)


def pause(journey: Journey) -> Journey:
    """Stop a journey: it takes nobody in and sends nothing.

    Who is on the way stays there, and what is queued is held by the gate of sending;
    both go on when it is started again. A text is written as it leaves, so a mended
    one is what they get.
    """
    return _move(journey, JourneyStatus.PAUSED)


def problems(journey: Journey) -> list[str]:
    """Say what must be mended before this journey may start; empty if nothing."""
    return [
        *_trigger_problems(journey),
        *_text_problems(journey),
        *_sender_problems(journey),
    ]


def _trigger_problems(journey: Journey) -> Iterator[str]:
    if not journey.trigger_event:
        yield _("Say which event starts the journey.")
    if not isinstance(journey.conditions, dict):
        yield _('Write the conditions as {"status": "paid"}.')
    names = journey.exit_events
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield _('Write the ending events as ["order_placed"].')
    if journey.guard and journey.guard not in events.guards:
        known = ", ".join(events.guards) or "–"
        yield _("There is no check “%(name)s”. There are: %(known)s.") % {
            "name": journey.guard,
            "known": known,
        }


def _text_problems(journey: Journey) -> Iterator[str]:
    steps = journey.steps.filter(kind=Step.Kind.SEND)
    sends = list(steps.prefetch_related("variants__bodies"))
    if not sends:
        yield _("Add a step that sends a message.")
    for step in sends:
        if not step.variants.all():
            yield _("Write the text of step %(step)s.") % {"step": step.position}
        yield from _bodies_problems(step, journey.brand.fallback_language)


def _bodies_problems(step: Step, fallback: str) -> Iterator[str]:
    for variant in step.variants.all():
        bodies = {body.language: body.text for body in variant.bodies.all()}
        place = {"step": step.position, "variant": variant.name}
        if fallback not in bodies:
            yield _(
                "Step %(step)s, text %(variant)s: write it in “%(language)s” too, the "
                "language for everybody whose own has no text."
            ) % {**place, "language": fallback}
        for language, body in bodies.items():
            try:
                letters.check_body(body, known_fields=sending.known_fields(variant))
            except InvalidBody as error:
                yield _(
                    "Step %(step)s, text %(variant)s, “%(language)s”: %(fault)s"
                ) % {
                    **place,
                    "language": language,
                    "fault": error,
                }


def _sender_problems(journey: Journey) -> Iterator[str]:
    sender = sending.choose_sender(
        journey.brand, category=journey.category, campaign_sender=journey.sender
    )
    if sender is None:
        yield _("Add a sender that may carry this kind of message.")
        return
    has_address = bool(journey.brand.link_base_url or settings().PUBLIC_URL)
    marketing = journey.category == Category.MARKETING
    if marketing and not sender.is_two_way and not has_address:
        yield _(
            "%(sender)s cannot be answered and there is no opt-out page: set "
            'SMS_MARKETING["PUBLIC_URL"], or take a number as the sender.'
        ) % {"sender": sender}


def _move(journey: Journey, to: JourneyStatus) -> Journey:
    using = router.db_for_write(Journey)
    rows = Journey.objects.using(using).filter(pk=journey.pk, status__in=MOVES[to])
    if not rows.update(status=to):
        raise InvalidTransition(
            _("The journey is not %(from)s any more. Look again.")
            % {"from": " / ".join(str(status.label) for status in MOVES[to])}
        )
    journey.refresh_from_db(using=using)
    return journey
