"""The admin's page of external identities."""

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.actions import sync
from accounts.models import ExternalIdentity
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.scope import current_scope


@admin.register(ExternalIdentity)
class ExternalIdentityAdmin(ReadOnlyAdmin, TenantAdmin):
    """Who people are to other providers. Deleting one unlinks it, and ends the key that a sync handed out."""

    list_display = ["subject", "provider", "user", "email", "email_verified", "created_at"]
    list_filter = ["provider", "email_verified"]
    list_select_related = ["user"]
    search_fields = ["subject", "email", "user__email"]
    date_hierarchy = "created_at"
    fields = ["provider", "subject", "user", "email", "email_verified", "created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExternalIdentity]:
        identities = super().get_queryset(request)
        return identities if current_scope().is_wide else identities.filter(user__is_superuser=False)

    def delete_model(self, request: HttpRequest, obj: ExternalIdentity) -> None:
        with transaction.atomic():
            sync.end_session_key(obj.user)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ExternalIdentity]) -> None:
        with transaction.atomic():
            for identity in queryset.select_related("user"):
                sync.end_session_key(identity.user)
            super().delete_queryset(request, queryset)

    def has_delete_permission(self, request: HttpRequest, obj: ExternalIdentity | None = None) -> bool:
        return self.has_view_permission(request, obj)
