"""What a provider is: the values that go in and out, and the class that vendors fill.

A provider is plain synchronous Python: it knows no model, no queue and no Django
request. Its methods are called from many threads at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from sms_marketing.exceptions import ProviderError
from sms_marketing.providers.kinds import (
    ErrorKind,
    LookupOutcome,
    Outcome,
    ReceiptStatus,
)
from sms_marketing.providers.signatures import FORGED
from sms_marketing.providers.transport import AnyTransport, Transport

# The ``kind`` of a ProviderError for a verified callback that cannot be read.
MALFORMED = "malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One message as a vendor must see it."""

    message_id: int
    attempt: int
    reference: str = ""
    """Our name for this attempt, "{message_id}-{attempt}": rides in every callback."""
    to: str
    """E.164, with the plus."""
    text: str
    sender: str
    encoding: str = ""
    part_count: int = 1
    validity_seconds: int | None = None
    receipt_url: str = ""

    def __post_init__(self) -> None:
        if not self.reference:
            object.__setattr__(self, "reference", f"{self.message_id}-{self.attempt}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendResult:
    """What became of one hand-over. ``detail`` never holds personal data."""

    reference: str
    outcome: Outcome
    provider_message_id: str = ""
    error_kind: ErrorKind | None = None
    error_code: str = ""
    """The vendor's own code, cut to 64 characters, digits of numbers masked."""
    detail: str = ""
    retry_after: float | None = None
    """Seconds that the vendor asks us to wait."""
    part_count: int | None = None
    price: Decimal | None = None
    currency: str = ""

    @classmethod
    def accepted(
        cls,
        outbound: Outbound,
        *,
        provider_message_id: str = "",
        part_count: int | None = None,
        price: Decimal | None = None,
        currency: str = "",
    ) -> SendResult:
        """The vendor took it."""
        return cls(
            reference=outbound.reference,
            outcome=Outcome.ACCEPTED,
            provider_message_id=provider_message_id,
            part_count=part_count,
            price=price,
            currency=currency,
        )

    @classmethod
    def refused(
        cls,
        outbound: Outbound,
        kind: ErrorKind,
        *,
        code: str = "",
        detail: str = "",
        retry_after: float | None = None,
    ) -> SendResult:
        """The vendor surely did not take it."""
        return cls(
            reference=outbound.reference,
            outcome=Outcome.REFUSED,
            error_kind=kind,
            error_code=code,
            detail=detail,
            retry_after=retry_after,
        )

    @classmethod
    def unconfirmed(
        cls, outbound: Outbound, *, code: str = "", detail: str = ""
    ) -> SendResult:
        """Nobody knows whether the vendor took it."""
        return cls(
            reference=outbound.reference,
            outcome=Outcome.UNCONFIRMED,
            error_kind=ErrorKind.UNKNOWN,
            error_code=code,
            detail=detail,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A vendor's news about a message; one of the two names is always there."""

    reference: str = ""
    provider_message_id: str = ""
    status: ReceiptStatus
    error_kind: ErrorKind | None = None
    error_code: str = ""
    occurred_at: datetime | None = None
    part_count: int | None = None
    price: Decimal | None = None
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """What a phone sent to one of our senders; numbers as the vendor wrote them."""

    provider_message_id: str = ""
    from_phone: str
    to: str = ""
    text: str = ""
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A vendor's answer about our reference; ``receipt`` is there when it is found."""

    outcome: LookupOutcome
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A callback as it came in, without any framework around it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names are casefolded."""
    body: bytes
    content_type: str = ""
    remote_addr: str = ""

    def json(self) -> Any:
        """The body as JSON, fractions exact; raises ProviderError if it is none."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except (ValueError, RecursionError):
            raise ProviderError(MALFORMED, "the body is not JSON") from None

    def form(self) -> dict[str, str]:
        """The body as form fields; raises ProviderError if it is not text."""
        try:
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True))
        except ValueError:
            raise ProviderError(MALFORMED, "the body is not a form") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What the vendor wants to hear, once its callback is safely stored."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain; charset=utf-8"


class BaseProvider:
    """One configured vendor. A vendor's file fills the attributes and the methods."""

    code: ClassVar[str] = ""
    name: ClassVar[str] = ""
    docs_url: ClassVar[str] = ""
    redacted_keys: ClassVar[frozenset[str]] = frozenset()
    """Options, at any depth, whose values nobody may see."""

    supports_receipts: bool = False
    """The vendor calls back with news of each message."""
    supports_inbound: bool = False
    """The vendor hands over what people answer."""
    supports_lookup: bool = False
    """The vendor can be asked for a message by our reference."""
    supports_idempotency: bool = False
    """The vendor takes a reference once, however often it is sent."""
    max_batch: int = 1
    """How many messages one call of ``send_many`` may carry."""
    concurrency: int = 0
    """How many calls a worker may make at once; 0 leaves it to the site's setting."""

    def __init__(
        self,
        alias: str,
        options: Mapping[str, Any] | None = None,
        *,
        transport: AnyTransport | None = None,
    ) -> None:
        self.alias = alias
        self.options: Mapping[str, Any] = options or {}
        self.check_options()
        self.transport: AnyTransport = transport or self.make_transport()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.alias!r}>"

    @property
    def options_path(self) -> str:
        """How the settings file spells the place of this provider's options."""
        return f'SMS_MARKETING["PROVIDERS"]["{self.alias}"]["OPTIONS"]'

    def check_options(self) -> None:
        """Raise ConfigurationError, saying what to write, if an option is wrong."""

    def make_transport(self) -> AnyTransport:
        """Return the way out to this vendor."""
        return Transport()

    def send_many(self, batch: Sequence[Outbound]) -> list[SendResult]:
        """Hand over up to ``max_batch`` messages; one result for each, in order.

        Never raises for what a vendor or the network does: that is a result.
        """
        return [self.send_one(outbound) for outbound in batch]

    def send_one(self, outbound: Outbound) -> SendResult:
        """Hand over one message."""
        raise NotImplementedError

    def verify(self, request: WebhookRequest) -> None:
        """Raise ProviderError("forged") unless the vendor itself made this request."""
        raise ProviderError(FORGED, f"{self.name} makes no callbacks")

    def parse_receipts(self, request: WebhookRequest) -> list[Receipt]:
        """Read the receipts out of a verified callback; [] if it holds none."""
        return []

    def parse_inbound(self, request: WebhookRequest) -> list[Inbound]:
        """Read people's answers out of a verified callback; [] if it holds none."""
        return []

    def answer(self, request: WebhookRequest) -> WebhookAnswer:
        """Return what the vendor must hear so that it does not repeat itself."""
        return WebhookAnswer()

    def find(self, reference: str) -> Lookup:
        """Ask the vendor what it knows of our reference; never raises."""
        return Lookup(outcome=LookupOutcome.UNSUPPORTED)

    def check_credentials(self) -> list[str]:
        """Ask the vendor whether our credentials work; return faults for people."""
        return []

    def describe(self) -> dict[str, Any]:
        """The options as they may be shown: secrets are replaced."""
        return _redact(self.options, self.redacted_keys)

    def close(self) -> None:
        """Close kept connections; the provider may be used again afterwards."""
        self.transport.close()


def _redact(options: Mapping[str, Any], secret: frozenset[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key, value in options.items():
        if key in secret:
            shown[key] = "••••"
        elif isinstance(value, Mapping):
            shown[key] = _redact(value, secret)
        elif isinstance(value, str) and "://" in value:
            shown[key] = value.partition("?")[0]  # keys like to hide in queries
        else:
            shown[key] = value
    return shown
