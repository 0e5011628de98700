"""The schema: tables, constraints, querysets. Behaviour lives in the rooms above.

Import models from here, never from the files: files import one another only downwards,
in the order in which they stand below.
"""

from __future__ import annotations

from sms_marketing.models.brands import Brand
from sms_marketing.models.campaigns import Campaign, CampaignStatus, EncodingPolicy
from sms_marketing.models.consent import (
    AppendOnlyError,
    Channel,
    ConsentMethod,
    ConsentRecord,
    ConsentState,
    ConsentStatus,
    ErasureLog,
    LedgerSeal,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from sms_marketing.models.contacts import Contact, ContactIdentity, ContactTag
from sms_marketing.models.content import Link, Variant, VariantBody
from sms_marketing.models.conversations import InboundMessage
from sms_marketing.models.events import Click, Conversion, Event
from sms_marketing.models.journeys import (
    Category,
    Enrollment,
    EnrollmentStatus,
    Journey,
    JourneyStatus,
    Step,
)
from sms_marketing.models.messages import (
    Message,
    MessageStatus,
    Priority,
    ReceiptRecord,
    SendBatch,
    SkipReason,
)
from sms_marketing.models.purchases import Purchase, PurchaseLine, PurchaseStatus
from sms_marketing.models.segments import Segment, SegmentMember
from sms_marketing.models.senders import Price, Sender

__all__ = [
    "AppendOnlyError",
    "Brand",
    "Campaign",
    "CampaignStatus",
    "Category",
    "Channel",
    "Click",
    "ConsentMethod",
    "ConsentRecord",
    "ConsentState",
    "ConsentStatus",
    "Contact",
    "ContactIdentity",
    "ContactTag",
    "Conversion",
    "EncodingPolicy",
    "Enrollment",
    "EnrollmentStatus",
    "ErasureLog",
    "Event",
    "InboundMessage",
    "Journey",
    "JourneyStatus",
    "LedgerSeal",
    "Link",
    "Message",
    "MessageStatus",
    "Price",
    "Priority",
    "Purchase",
    "PurchaseLine",
    "PurchaseStatus",
    "ReceiptRecord",
    "Segment",
    "SegmentMember",
    "SendBatch",
    "Sender",
    "SkipReason",
    "Step",
    "Suppression",
    "SuppressionReason",
    "SuppressionScope",
    "Variant",
    "VariantBody",
]
