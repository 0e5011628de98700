"""What an answer over HTTP means, as long as the vendor says nothing more precise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from sms_marketing.core import clock
from sms_marketing.providers.base import Outbound, SendResult
from sms_marketing.providers.kinds import ErrorKind
from sms_marketing.providers.transport import TransportError

# 301, 307 and 308 say "not here" and take nothing; 302 and 303 may follow a deed done.
_KIND_OF_STATUS = {
    301: ErrorKind.SENDER_CONFIG,
    307: ErrorKind.SENDER_CONFIG,
    308: ErrorKind.SENDER_CONFIG,
    401: ErrorKind.SENDER_CONFIG,
    402: ErrorKind.NO_CREDIT,
    403: ErrorKind.SENDER_CONFIG,
    404: ErrorKind.SENDER_CONFIG,
    405: ErrorKind.SENDER_CONFIG,
    408: ErrorKind.TEMPORARY,
    425: ErrorKind.TEMPORARY,
    429: ErrorKind.THROTTLED,
}
_LONGEST_WAIT = 24 * 3600.0
_CODE = re.compile(r"[\w.:/+-]{1,64}")
_NUMBER = re.compile(r"\+?[1-9](?:[.-]?\d){6,}")


def kind_of_status(status: int) -> ErrorKind | None:
    """Return why nothing was taken, or None if the status does not say that it was not.

    Above 499 the far side fell over at an unknown point of its work.
    """
    if status in _KIND_OF_STATUS:
        return _KIND_OF_STATUS[status]
    return ErrorKind.REJECTED if 400 <= status < 500 else None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the Retry-After header (a number or a date), at most a day."""
    return seconds(headers.get("retry-after", ""))


def seconds(value: object) -> float | None:
    """Read seconds, or the moment an HTTP date names, as a wait from now."""
    text = str(value).strip()
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(text) - clock.now()).total_seconds()
        except (TypeError, ValueError, OverflowError):
            return None
    if wait != wait:  # NaN
        return None
    return min(max(wait, 0.0), _LONGEST_WAIT)


def of_failure(outbound: Outbound, error: TransportError) -> SendResult:
    """The result of a hand-over from which no answer came back."""
    if error.is_maybe_sent:
        return SendResult.unconfirmed(outbound, code=error.code, detail=error.detail)
    return SendResult.refused(
        outbound, ErrorKind(error.kind), code=error.code, detail=error.detail
    )


def clean_code(value: object) -> str:
    """A vendor's error code, fit to be stored; "" if it is a sentence, not a code.

    Some vendors write the recipient or the text itself into what they call a code.
    """
    text = str(value).strip()
    if not _CODE.fullmatch(text):
        return ""
    return _NUMBER.sub("…", text)
