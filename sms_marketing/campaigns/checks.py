"""What is wrong with a campaign before it is sent, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.utils.translation import gettext as _

from sms_marketing import timing
from sms_marketing.campaigns import audience_checks, text_checks
from sms_marketing.campaigns.moments import has_hours, is_zone, planned
from sms_marketing.campaigns.problems import Problem, error, errors_of, warning
from sms_marketing.campaigns.text_checks import can_write_links
from sms_marketing.core import clock
from sms_marketing.exceptions import NotSendable
from sms_marketing.models import Campaign, CampaignStatus, Sender


def check(
    campaign: Campaign, *, texts: Mapping[str, str] | None = None
) -> list[Problem]:
    """Every finding, errors first; the admin shows all, a launch refuses errors.

    ``texts``, by language, are being written instead of those that are kept.
    """
    versions = text_checks.versions_of(campaign, texts=texts)
    required = text_checks.required_fields(versions)
    found = [
        *_sender_problems(campaign),
        *text_checks.problems(campaign, versions),
        *_schedule_problems(campaign),
        *audience_checks.problems(campaign, required=required),
    ]
    if not errors_of(found):
        # Asks the audience for its worst cases, so what went before must be sound.
        found += text_checks.worst_cases(campaign, versions)
    return sorted(found, key=lambda problem: not problem.is_error)


def refuse_errors(campaign: Campaign) -> None:
    """Raise NotSendable with everything that must be done first."""
    found = errors_of(check(campaign))
    if found:
        raise NotSendable("\n".join(problem.message for problem in found))


def _sender_problems(campaign: Campaign) -> Iterator[Problem]:
    sender = campaign.sender
    if sender is None:
        yield error("no_sender", _("Choose a sender."), field="sender")
        return
    if sender.brand_id != campaign.brand_id:
        message = _(
            "The sender %(sender)s belongs to another brand. Choose one of ours."
        )
        yield _about(sender, "sender_of_another_brand", message)
    if not sender.is_enabled or not sender.allows_marketing:
        message = _(
            "The sender %(sender)s is not in use for marketing. Choose another one, or "
            "allow marketing in its settings."
        )
        yield _about(sender, "sender_disabled", message)
    if sender.halted_at is not None:
        message = _(
            "The sender %(sender)s is halted. See its reason and resume it, or choose "
            "another one."
        )
        yield _about(sender, "sender_halted", message)
    if not sender.is_two_way and not can_write_links(campaign.brand):
        message = _(
            "Nobody can answer STOP to the name %(sender)s, and no link can be written "
            "instead. Choose a number, or set PUBLIC_URL and LINK_KEYS."
        )
        yield _about(sender, "no_opt_out_way", message)


def _about(sender: Sender, code: str, message: str) -> Problem:
    return error(code, message % {"sender": sender.address}, field="sender")


def _schedule_problems(campaign: Campaign) -> Iterator[Problem]:
    brand = campaign.brand
    if not is_zone(brand.zone):
        message = _("The brand's time zone %(zone)s does not exist. Correct it.")
        yield error("bad_brand_zone", message % {"zone": brand.zone})
        return
    try:
        is_open = has_hours(brand)
    except ValueError as fault:
        message = _("The brand's allowed hours cannot be read: %(fault)s")
        yield error("bad_hours", message % {"fault": fault})
        return
    if not is_open:
        yield error(
            "no_hours",
            _("The brand allows marketing at no hour of the week. Set its hours."),
        )
    if campaign.schedule != Campaign.Schedule.NOW:
        yield from _moment_problems(campaign)


def _moment_problems(campaign: Campaign) -> Iterator[Problem]:
    if campaign.send_on is None or campaign.send_time is None:
        yield error("no_time", _("Choose the day and the time."), field="send_on")
        return
    moment = planned(campaign, campaign.brand.zone)
    # One that is scheduled already was in time; a tick that comes late launches it.
    if campaign.status == CampaignStatus.DRAFT and moment <= clock.now():
        yield error(
            "past",
            _("This time has passed. Choose a later one, or send at once."),
            field="send_on",
        )
    hours = timing.Hours.parse(campaign.brand.hours)
    if not timing.is_allowed(moment, zone=campaign.brand.zone, hours=hours):
        yield warning(
            "outside_hours",
            _("Marketing is not allowed at this hour; messages wait for the next one."),
            field="send_time",
        )
