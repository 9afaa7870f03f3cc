"""The admin's page of API keys."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import keys
from accounts.models import ApiKey
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.exceptions import NotFound
from tenants.scope import current_scope, tenant_scope


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin, TenantAdmin):
    """Keys of people and of teams, by the beginning that their owners know them by; they can be revoked."""

    list_display = [
        "name", "key_prefix", "owner", "scope_count", "created_at", "expires_at", "last_used_at", "last_used_from",
        "revoked_at",
    ]  # fmt: skip
    list_filter = ["is_session_key", "created_at", "last_used_at", "expires_at", "revoked_at"]
    list_select_related = ["user"]
    search_fields = ["name", "key_prefix", "user__email"]
    date_hierarchy = "created_at"
    secret_fields = frozenset({"key_hash"})
    fields = [
        "name", "key_prefix", "owner", "opens", "allowed_networks", "needs_signature", "is_session_key",
        "created_at", "expires_at", "last_used_at", "last_used_from", "revoked_at",
    ]  # fmt: skip
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        found = super().get_queryset(request)
        return found if current_scope().is_wide else found.exclude(user__is_superuser=True)

    @admin.display(description="owner", ordering="user__email")
    def owner(self, key: ApiKey) -> str:
        return key.user.email if key.user else "the team"

    @admin.display(description="scopes")
    def scope_count(self, key: ApiKey) -> str:
        return f"{len(key.scopes)} scope{'' if len(key.scopes) == 1 else 's'}"

    @admin.display(description="scopes")
    def opens(self, key: ApiKey) -> str:
        return ", ".join(key.scopes)

    @admin.action(description="Revoke the selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self.message_user(request, f"Revoked: {sum(_revoked(key) for key in queryset)}.", messages.SUCCESS)


def _revoked(key: ApiKey) -> bool:
    """Revoke a key in its own team, which an operator's scope does not name."""
    try:
        with tenant_scope(key.team_id):
            keys.revoke_key(user=key.user, key_id=key.id)
    except NotFound:  # it was revoked before
        return False
    return True
