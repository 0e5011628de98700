"""Messages and replies: to be looked at; what was sent is not edited."""

from __future__ import annotations

from typing import Any, Literal

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sms_marketing import sending
from sms_marketing.admin import columns
from sms_marketing.admin.screens import PHONE, ReadOnlyScreen
from sms_marketing.exceptions import InvalidTransition
from sms_marketing.models import InboundMessage, Message

HIDDEN = _("hidden: you may not read texts")


@admin.register(Message)
class MessageAdmin(ReadOnlyScreen[Message]):
    """Every message with the reason it went, or did not."""

    list_display = [
        *("id", PHONE, "status_badge", "reason", "category", "campaign"),
        *("part_count", "cost", "sent_at"),
    ]
    list_filter = ["status", "category", "skip_reason", "is_test"]
    search_fields = ["=id", "to_phone__startswith"]
    search_help_text = _("The number from its beginning (+371…), or an id")
    ordering = ["-id"]
    list_select_related = ["campaign"]
    actions = ["mark_sent", "mark_failed", "send_again"]  # type: ignore[assignment]

    def get_fields(self, request: HttpRequest, obj: Message | None = None) -> Any:
        body = "text" if request.user.has_perm("sms_marketing.view_body") else "hidden"
        return [
            *(PHONE, "status_badge", "reason", "category", "contact", "campaign"),
            *("sender", body, "language", "part_count", "cost"),
            *("due_at", "sent_at", "delivered_at", "attempt", "provider_message_id"),
        ]

    @admin.display(description=_("phone"), ordering="to_phone")
    def whole_phone(self, message: Message) -> str:
        return message.to_phone or "—"

    @admin.display(description=_("phone"))
    def masked_phone(self, message: Message) -> str:
        return columns.masked(message.to_phone)

    @admin.display(description=_("status"), ordering="status")
    def status_badge(self, message: Message) -> str:
        return columns.badge(message.status, message.get_status_display())

    @admin.display(description=_("why"))
    def reason(self, message: Message) -> str:
        return message.get_skip_reason_display() or message.error_kind or "—"

    @admin.display(description=_("cost"), ordering="price")
    def cost(self, message: Message) -> str:
        return columns.money(message.price, message.currency)

    @admin.display(description=_("text"))
    def text(self, message: Message) -> str:
        return message.body or "—"

    @admin.display(description=_("text"))
    def hidden(self, message: Message) -> str:
        return str(HIDDEN)

    def has_resolve_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sms_marketing.resolve_message")

    @admin.action(
        permissions=["resolve"], description=_("Unconfirmed: they did receive it")
    )
    def mark_sent(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._resolve(request, queryset, "sent")

    @admin.action(
        permissions=["resolve"], description=_("Unconfirmed: they did not receive it")
    )
    def mark_failed(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._resolve(request, queryset, "failed")

    @admin.action(permissions=["resolve"], description=_("Unconfirmed: send it again"))
    def send_again(self, request: HttpRequest, queryset: QuerySet[Message]) -> None:
        self._resolve(request, queryset, "again")

    def _resolve(
        self,
        request: Any,
        queryset: QuerySet[Message],
        decision: Literal["sent", "failed", "again"],
    ) -> None:
        decided, left = 0, 0
        for message in queryset:
            try:
                sending.resolve_unconfirmed(message, decision, by=request.user)
                decided += 1
            except InvalidTransition:
                left += 1
        messages.success(request, gettext("Decided on %d messages.") % decided)
        if left:
            text = gettext("%d are not unconfirmed (any more) and were left alone.")
            messages.warning(request, text % left)


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnlyScreen[InboundMessage]):
    """What people wrote back, and what was done about it."""

    list_display = [PHONE, "contact", "action", "rule", "received_at"]
    list_filter = ["action", "brand"]
    search_fields = ["from_phone__startswith"]
    ordering = ["-id"]
    list_select_related = ["contact"]

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_display(request), self._text_column(request)]

    def get_fields(
        self, request: HttpRequest, obj: InboundMessage | None = None
    ) -> Any:
        return [
            *(PHONE, "contact", "brand", "sender", self._text_column(request)),
            "action",
            *("rule", "in_reply_to", "occurred_at", "received_at", "processed_at"),
        ]

    @admin.display(description=_("phone"), ordering="from_phone")
    def whole_phone(self, reply: InboundMessage) -> str:
        return reply.from_phone or "—"

    @admin.display(description=_("phone"))
    def masked_phone(self, reply: InboundMessage) -> str:
        return columns.masked(reply.from_phone)

    @admin.display(description=_("text"))
    def hidden(self, reply: InboundMessage) -> str:
        return str(HIDDEN)

    def _text_column(self, request: HttpRequest) -> str:
        may = request.user.has_perm("sms_marketing.view_reply_text")
        return "text" if may else "hidden"
