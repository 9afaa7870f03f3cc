"""The admin's pages of chats."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import Truncator

from chats import actions, events
from chats.exceptions import RunInProgress
from chats.models import Attachment, Chat, ChatMember, IdempotencyKey, Message, MessageStatus, ReadMarker
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.events import Verb
from tenants.managers import find
from tenants.scope import tenant_scope


@admin.register(Chat)
class ChatAdmin(TenantAdmin):
    """Chats, begun by people only. The open pages of one learn what is done to it here."""

    list_display = ["__str__", "user", "agent", "is_archived", "created_at", "updated_at"]
    list_filter = ["is_archived", "agent"]
    list_select_related = ["user", "agent"]
    search_fields = ["title", "user__email", "agent__name"]
    date_hierarchy = "updated_at"
    fields = ["title", "user", "agent", "is_archived", "metadata", "created_at", "updated_at"]
    autocomplete_fields = ["user", "agent"]
    readonly_fields = ["created_at", "updated_at"]
    holds_text = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Chat, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        with tenant_scope(obj.team_id):
            events.chat_changed(obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Stop the answer before Django opens its transaction: on SQLite all writers would wait for its end."""
        if request.POST:  # confirmed
            chat = self.get_object(request, unquote(object_id))
            if chat and self.has_delete_permission(request, chat):
                self._stop_answer(chat)
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: Chat) -> None:
        """Delete a chat whose answer was stopped before; refuse one that began meanwhile, as nobody may wait here."""
        with tenant_scope(obj.team_id), transaction.atomic():
            find(Chat.objects.select_for_update(), pk=obj.pk)
            if Message.objects.filter(chat=obj, status=MessageStatus.STREAMING).exists():
                raise RunInProgress()
            self.tell(Verb.DELETED, obj)
            actions.delete_chat(chat=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Chat]) -> None:
        for chat in queryset:
            self._stop_answer(chat)
            self.delete_model(request, chat)

    @staticmethod
    def _stop_answer(chat: Chat) -> None:
        with tenant_scope(chat.team_id):
            actions.stop_answer(chat=chat)


@admin.register(Message)
class MessageAdmin(TenantAdmin):
    """What was said can be corrected or removed; who said it and when cannot."""

    list_display = ["beginning", "chat", "position", "role", "author", "status", "error_code", "timestamp"]
    list_filter = ["role", "status"]
    list_select_related = ["chat", "author"]
    search_fields = ["content", "chat__title", "author__email"]
    date_hierarchy = "timestamp"
    fields = ["chat", "position", "role", "author", "content", "status", "error_code", "run", "timestamp"]
    readonly_fields = ["chat", "position", "role", "author", "status", "error_code", "run", "timestamp"]
    holds_text = True

    @admin.display(description="content")
    def beginning(self, message: Message) -> str:
        return Truncator(message.content).chars(60) or "(empty)"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Attachment)
class AttachmentAdmin(ReadOnlyAdmin, TenantAdmin):
    """Which files came with messages, never what is in them; they go with their message."""

    list_display = ["name", "message", "media_type", "size"]
    list_filter = ["media_type"]
    list_select_related = ["message"]
    search_fields = ["name", "message__author__email"]
    secret_fields = frozenset({"data"})
    fields = ["name", "message", "position", "media_type", "size"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["key", "user", "chat", "created_at"]
    list_select_related = ["user", "chat"]
    search_fields = ["key", "user__email"]
    secret_fields = frozenset({"content_hash"})
    date_hierarchy = "created_at"
    fields = ["key", "user", "chat", "answer", "created_at"]


@admin.register(ChatMember)
class ChatMemberAdmin(ReadOnlyAdmin, TenantAdmin):
    """Which colleagues people let into their chats; the people themselves decide it."""

    list_display = ["user", "chat", "can_write", "added_at"]
    list_filter = ["can_write"]
    list_select_related = ["user", "chat"]
    search_fields = ["user__email", "chat__user__email"]
    date_hierarchy = "added_at"
    fields = ["chat", "user", "can_write", "added_at"]


@admin.register(ReadMarker)
class ReadMarkerAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["user", "chat", "position", "read_at"]
    list_select_related = ["user", "chat"]
    search_fields = ["user__email"]
    date_hierarchy = "read_at"
    fields = ["chat", "user", "position", "read_at"]
