"""Rules on what a contact agreed to."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms_marketing.models import Channel, ConsentState, ConsentStatus
from sms_marketing.segments import phrases
from sms_marketing.segments.choices import brand_parameter
from sms_marketing.segments.parameters import ChoiceParameter, TextParameter
from sms_marketing.segments.rules import (
    Operator,
    Rule,
    RuleContext,
    RuleKind,
    register_rule_kind,
)

PARAMETERS = (
    brand_parameter(_("Empty: the brand that the audience is for.")),
    TextParameter(
        name="topic",
        label=_("topic"),
        help=_("Empty: marketing as a whole."),
        required=False,
        example="offers",
    ),
    ChoiceParameter(
        name="channel",
        label=_("channel"),
        help=_("Empty: SMS."),
        required=False,
        choices=Channel.choices,
    ),
)


@register_rule_kind
class ConsentKind(RuleKind):
    """The status that ``contacts.consent_status`` gives, asked of whole sets.

    A topic's own word goes before the general one; nobody asked is "unknown". The
    sender asks again before anything leaves, whatever a segment says (R1).
    """

    key = "consent"
    label = _("consent")
    help = _("Marketing needs consent in any case: it is asked again when sending.")
    operators = (
        Operator(
            key=ConsentStatus.OPTED_IN, label=_("was given"), parameters=PARAMETERS
        ),
        Operator(
            key=ConsentStatus.OPTED_OUT, label=_("was withdrawn"), parameters=PARAMETERS
        ),
        Operator(
            key=ConsentStatus.PENDING,
            label=_("waits for confirmation"),
            parameters=PARAMETERS,
        ),
        Operator(
            key=ConsentStatus.UNKNOWN,
            label=_("was never asked for"),
            parameters=PARAMETERS,
        ),
    )

    def q(self, rule: Rule, context: RuleContext) -> Q:
        said = _Said(
            brand_id=context.brands.of(rule).pk,
            topic=rule.get("topic") or "",
            channel=rule.get("channel") or Channel.SMS,
        )
        match rule.operator:
            case ConsentStatus.OPTED_IN:
                return said.opted_in()
            case ConsentStatus.OPTED_OUT:
                return said.opted_out()
            case ConsentStatus.PENDING:
                return said.pending()
        return ~(said.opted_in() | said.opted_out() | said.pending())

    def sentence(self, rule: Rule) -> str:
        text = {
            ConsentStatus.OPTED_IN: gettext("agreed to marketing"),
            ConsentStatus.OPTED_OUT: gettext("withdrew consent to marketing"),
            ConsentStatus.PENDING: gettext("has not confirmed consent to marketing"),
            ConsentStatus.UNKNOWN: gettext("was never asked for consent to marketing"),
        }[ConsentStatus(rule.operator)]
        if rule.get("topic"):
            topic = phrases.quoted(rule.get("topic"))
            text += gettext(" on the topic %(topic)s") % {"topic": topic}
        if rule.get("channel"):
            text += gettext(" by %(channel)s") % {
                "channel": Channel(rule.get("channel")).label
            }
        if rule.get("brand"):
            text += gettext(" of %(brand)s") % {"brand": rule.get("brand")}
        return text


class _Said:
    """What a contact said to one brand: with a topic's own name, and in general."""

    def __init__(self, *, brand_id: int, topic: str, channel: str) -> None:
        self._topic = topic
        self._states = ConsentState.objects.filter(
            contact=OuterRef("pk"), brand_id=brand_id, channel=channel
        )

    def opted_in(self) -> Q:
        # The same as contacts.with_consent (a test holds them together), but without
        # a second look at the contact: pk__in of it is a self-join of all contacts.
        if not self._topic:
            return self._general(ConsentStatus.OPTED_IN)
        agreed = self._has(["", self._topic], ConsentStatus.OPTED_IN)
        return agreed & ~self._own(ConsentStatus.OPTED_OUT)

    def opted_out(self) -> Q:
        return self._own(ConsentStatus.OPTED_OUT) | (
            ~self._own() & self._general(ConsentStatus.OPTED_OUT)
        )

    def pending(self) -> Q:
        return (
            self._own(ConsentStatus.PENDING) & ~self._general(ConsentStatus.OPTED_IN)
        ) | (~self._own() & self._general(ConsentStatus.PENDING))

    def _own(self, *statuses: str) -> Q:
        return self._has([self._topic], *statuses)

    def _general(self, *statuses: str) -> Q:
        return self._has([""], *statuses)

    def _has(self, topics: list[str], *statuses: str) -> Q:
        asked = {"status__in": statuses} if statuses else {}
        return Q(Exists(self._states.filter(topic__in=topics, **asked)))
