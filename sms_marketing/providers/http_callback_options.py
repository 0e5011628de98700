"""Options of the generic HTTP provider's callbacks: proof, receipts, answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sms_marketing.exceptions import ConfigurationError
from sms_marketing.providers.http_mapping import Condition, Path, read_condition
from sms_marketing.providers.kinds import ErrorKind, ReceiptStatus
from sms_marketing.providers.options import OptionReader

WHERE = ("json", "form", "query")
# Guessing 16 letters over the network takes longer than anybody lives.
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HmacProof:
    """The vendor signs ``body``, or ``timestamp.body``, with HMAC-SHA256."""

    secrets: tuple[str, ...]
    header: str
    prefix: str
    is_base64: bool
    timestamp_header: str
    tolerance_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProof:
    """The vendor repeats a secret that stands in the callback's address or header."""

    secrets: tuple[str, ...]
    where: str
    name: str


CallbackProof = HmacProof | TokenProof


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Where a callback holds its items, and which callbacks hold any."""

    where: str
    only_if: Condition | None
    list: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptOptions:
    """Where a receipt says what."""

    envelope: Envelope
    reference: Path
    id: Path
    status: Path
    statuses: Mapping[str, ReceiptStatus]
    error: Path
    errors: Mapping[str, ErrorKind]
    occurred_at: Path
    parts: Path
    price: Path
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundOptions:
    """Where a person's answer says what."""

    envelope: Envelope
    id: Path
    from_phone: Path
    to: Path
    text: Path
    received_at: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOptions:
    """What the vendor calls us for, and how it proves itself."""

    proof: CallbackProof | None
    receipts: ReceiptOptions | None
    inbound: InboundOptions | None


def read_callbacks(
    reader: OptionReader, errors: Mapping[str, ErrorKind]
) -> CallbackOptions:
    """Check ``callback_proof``, ``receipts`` and ``inbound``."""
    receipts = reader.section("receipts")
    inbound = reader.section("inbound")
    proof = reader.section("callback_proof")
    callbacks = CallbackOptions(
        proof=_read_proof(proof) if proof else None,
        receipts=_read_receipts(receipts, errors) if receipts else None,
        inbound=_read_inbound(inbound) if inbound else None,
    )
    _check_proof(reader, callbacks)
    return callbacks


def _check_proof(reader: OptionReader, callbacks: CallbackOptions) -> None:
    mappings = [m for m in (callbacks.receipts, callbacks.inbound) if m is not None]
    if mappings and callbacks.proof is None:
        raise reader.wrong(
            "callback_proof",
            'is missing: write {"type": "hmac", "secret": "…", "header": "…"} or '
            '{"type": "token", "secret": "…", "where": "query", "name": "…"}, '
            "because a callback that anybody could make is not believed",
        )
    if isinstance(callbacks.proof, HmacProof) and any(
        mapping.envelope.where == "query" for mapping in mappings
    ):
        raise reader.wrong(
            "callback_proof",
            "signs the body, but the fields are in the query: use the type token",
        )


def _read_proof(section: OptionReader) -> CallbackProof:
    secrets = section.texts("secret")
    if any(len(secret) < _SHORTEST_SECRET for secret in secrets):
        raise section.wrong("secret", f"needs {_SHORTEST_SECRET} characters or more")
    proof = (
        _read_hmac(section, secrets)
        if section.choice("type", ("hmac", "token"), "hmac") == "hmac"
        else _read_token(section, secrets)
    )
    section.finish()
    return proof


def _read_hmac(section: OptionReader, secrets: tuple[str, ...]) -> HmacProof:
    return HmacProof(
        secrets=secrets,
        header=section.text("header").casefold(),
        prefix=section.text("prefix", ""),
        is_base64=section.choice("encoding", ("hex", "base64"), "hex") == "base64",
        timestamp_header=section.text("timestamp_header", "").casefold(),
        tolerance_seconds=section.number("tolerance", 300, low=1, high=86_400),
    )


def _read_token(section: OptionReader, secrets: tuple[str, ...]) -> TokenProof:
    where = section.choice("where", ("query", "path", "header"), "query")
    name = "" if where == "path" else section.text("name")
    return TokenProof(
        secrets=secrets,
        where=where,
        name=name.casefold() if where == "header" else name,
    )


def _read_envelope(section: OptionReader) -> Envelope:
    condition = section.section("only_if")
    return Envelope(
        where=section.choice("where", WHERE, "json"),
        only_if=read_condition(condition) if condition else None,
        list=Path.of(section.text("list_path", "")),
    )


def _read_receipts(
    section: OptionReader, errors: Mapping[str, ErrorKind]
) -> ReceiptOptions:
    if not (section.has("reference_path") or section.has("id_path")):
        raise section.wrong(
            "reference_path",
            "is missing, and id_path is too: one must tell whose it is",
        )
    receipts = ReceiptOptions(
        envelope=_read_envelope(section),
        reference=Path.of(section.text("reference_path", "")),
        id=Path.of(section.text("id_path", "")),
        status=Path.of(section.text("status_path")),
        statuses=section.translation("statuses", ReceiptStatus),
        error=Path.of(section.text("error_path", "")),
        errors={**errors, **section.translation("errors", ErrorKind)},
        occurred_at=Path.of(section.text("occurred_at_path", "")),
        parts=Path.of(section.text("parts_path", "")),
        price=Path.of(section.text("price_path", "")),
        currency=section.text("currency", ""),
    )
    if not receipts.statuses:
        raise ConfigurationError(
            f"{section.place('statuses')} is missing: translate the vendor's words, "
            'as {"DELIVRD": "delivered"}.'
        )
    section.finish()
    return receipts


def _read_inbound(section: OptionReader) -> InboundOptions:
    inbound = InboundOptions(
        envelope=_read_envelope(section),
        id=Path.of(section.text("id_path", "")),
        from_phone=Path.of(section.text("from_path")),
        to=Path.of(section.text("to_path", "")),
        text=Path.of(section.text("text_path")),
        received_at=Path.of(section.text("received_at_path", "")),
    )
    section.finish()
    return inbound
