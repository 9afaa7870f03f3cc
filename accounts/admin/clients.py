"""The admin's page of signed-in API clients."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import clients
from accounts.models import RefreshSession
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.scope import current_scope


@admin.register(RefreshSession)
class RefreshSessionAdmin(ReadOnlyAdmin, TenantAdmin):
    """API clients that are signed in; one can be signed out."""

    list_display = ["user", "user_agent", "created_at", "rotated_at", "expires_at", "revoked_at"]
    list_filter = ["created_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["user__email", "user_agent"]
    date_hierarchy = "created_at"
    secret_fields = frozenset({"token_hash", "parent_hash"})
    fields = ["user", "user_agent", "created_at", "rotated_at", "expires_at", "revoked_at"]
    actions = ["revoke"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RefreshSession]:
        sessions = super().get_queryset(request)
        return sessions if current_scope().is_wide else sessions.filter(user__is_superuser=False)

    @admin.action(description="Sign the selected clients out")
    def revoke(self, request: HttpRequest, queryset: QuerySet[RefreshSession]) -> None:
        ended = clients.revoke_refresh_sessions(sessions=queryset)
        self.message_user(request, f"Signed out: {ended}.", messages.SUCCESS)
