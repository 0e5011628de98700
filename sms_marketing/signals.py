"""Every signal of the package: when it is sent, with which arguments.

Receivers run in the sender's transaction unless said otherwise, and a receiver that
raises is logged and left out (``send_robust``): no host code stops a message.
"""

from __future__ import annotations

from django.dispatch import Signal

#: A contact's event was recorded. Provides: event.
event_tracked = Signal()

#: An order was seen for the first time. Provides: purchase, event.
order_placed = Signal()

#: An order was refunded, wholly or in part, or canceled. Provides: purchase.
purchase_corrected = Signal()

#: A cart was idle long enough that its reminder is about to be queued.
#: Provides: contact, enrollment.
cart_abandoned = Signal()

#: A contact gave consent. Provides: contact, record.
contact_opted_in = Signal()

#: A contact withdrew consent. Provides: contact (may be None), record.
contact_opted_out = Signal()

#: A contact was erased. Provides: contact.
contact_erased = Signal()

#: A batch of messages was taken by the carrier. Provides: message_ids.
#: Sent after the results were committed, once for a batch, not for each message.
messages_sent = Signal()

#: Receipts were applied. Provides: message_ids, status.
receipts_applied = Signal()

#: A reply came in and was stored. Provides: inbound.
reply_received = Signal()

#: A short link was opened. Provides: click. Suspected machines too: see click.is_bot.
link_clicked = Signal()

#: A campaign moved. Provides: campaign, old_status, new_status.
campaign_moved = Signal()
