"""Every signal of the package: when it is sent, with which arguments.

Receivers run in the sender's transaction unless said otherwise, and a receiver that
raises is logged and left out (``send_robust``): no host code stops a message.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.dispatch import Signal

logger = logging.getLogger(__name__)


class HostSignal(Signal):
    """A signal to the host's code; what fails there is named in the log, not quoted."""

    def _log_robust_failure(
        self, receiver: Callable[..., Any], err: BaseException
    ) -> None:
        # Django's own line has the message and the traceback, which may quote a row
        # with its phone number (R10).
        name = getattr(receiver, "__qualname__", type(receiver).__qualname__)
        logger.error("receiver %s failed with %s", name, type(err).__qualname__)


#: A contact's event was recorded. Provides: event.
event_tracked = HostSignal()

#: An order was seen for the first time. Provides: purchase, event.
order_placed = HostSignal()

#: An order was refunded, wholly or in part, or canceled. Provides: purchase.
purchase_corrected = HostSignal()

#: A cart was idle long enough that its reminder is about to be queued.
#: Provides: contact, enrollment.
cart_abandoned = HostSignal()

#: A contact gave consent. Provides: contact, record.
contact_opted_in = HostSignal()

#: A contact withdrew consent. Provides: contact (may be None), record.
contact_opted_out = HostSignal()

#: A contact was erased. Provides: contact.
contact_erased = HostSignal()

#: A batch of messages was taken by the carrier. Provides: message_ids.
#: Sent after the results were committed, once for a batch, not for each message.
messages_sent = HostSignal()

#: Receipts were applied. Provides: message_ids, status.
receipts_applied = HostSignal()

#: A reply came in and was stored. Provides: inbound.
reply_received = HostSignal()

#: A short link was opened. Provides: click. Suspected machines too: see click.is_bot.
link_clicked = HostSignal()

#: A campaign moved. Provides: campaign, old_status, new_status.
campaign_moved = HostSignal()
