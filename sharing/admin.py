"""The admin's pages of share links. Nothing here opens a room: no token, no address of a link."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from sharing import actions
from sharing.models import Participant, Share
from sharing.queries import with_current_users
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.scope import tenant_scope


@admin.register(Share)
class ShareAdmin(ReadOnlyAdmin, TenantAdmin):
    """Links into chats. They can be revoked; their rows go with their chats."""

    list_display = ["name", "owner", "stands", "people_here", "messages_sent", "expires_at", "created_at", "revoked_at"]
    list_filter = ["can_write", "can_fork", "asks_name", "created_at", "expires_at", "revoked_at"]
    list_select_related = ["chat__user"]
    search_fields = ["title", "chat__user__email"]
    search_help_text = "The link's title or its owner's e-mail."
    date_hierarchy = "created_at"
    secret_fields = frozenset({"token_hash", "sealed_token", "password_hash"})
    fields = [
        "name", "description", "chat", "owner", "stands", "people_here", "max_concurrent_users", "can_write",
        "can_fork", "asks_name", "asks_password", "from_position", "messages_sent", "max_messages", "created_at",
        "expires_at", "revoked_at", "revoked_by",
    ]  # fmt: skip
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Share]:
        return with_current_users(super().get_queryset(request))

    @admin.display(description="title", ordering="title")
    def name(self, share: Share) -> str:
        return share.title or "(no title)"

    @admin.display(description="owner", ordering="chat__user__email")
    def owner(self, share: Share) -> str:
        return share.chat.user.email

    @admin.display(description="state")
    def stands(self, share: Share) -> str:
        return share.state

    @admin.display(description="people here", ordering="current_users")
    def people_here(self, share: Share) -> str:
        return f"{getattr(share, 'current_users', 0)} of {share.max_concurrent_users}"

    @admin.display(description="password", boolean=True)
    def asks_password(self, share: Share) -> bool:
        return bool(share.password_hash)

    @admin.action(description="Revoke the selected links")
    def revoke(self, request: HttpRequest, queryset: QuerySet[Share]) -> None:
        revoked = sum(_revoke(share, request.user) for share in queryset)
        self.message_user(request, f"Revoked: {revoked}.", messages.SUCCESS)


def _revoke(share: Share, user: Any) -> bool:
    """Revoke a link in its own team, which an operator's scope does not name; to that team they are nobody."""
    with tenant_scope(share.team_id):
        return actions.revoke_share(share=share, by=user if user.team_id == share.team_id else None)


@admin.register(Participant)
class ParticipantAdmin(ReadOnlyAdmin, TenantAdmin):
    """The access log of all links: who came in or waited, and until when."""

    list_display = [
        "__str__",
        "share_title",
        "asked_at",
        "came_at",
        "left_at",
        "lease_until",
        "address_prefix",
        "messages_sent",
    ]
    list_filter = ["came_at", "left_at"]
    list_select_related = ["share"]
    search_fields = ["name", "address_prefix", "share__title"]
    search_help_text = "The name given, the address or the link's title."
    date_hierarchy = "asked_at"
    secret_fields = frozenset({"token_hash"})
    fields = [
        "name", "share_title", "address_prefix", "asked_at", "came_at", "joined_at", "left_at", "lease_until",
        "messages_sent",
    ]  # fmt: skip

    @admin.display(description="link", ordering="share__title")
    def share_title(self, participant: Participant) -> str:
        return participant.share.title or "(no title)"
