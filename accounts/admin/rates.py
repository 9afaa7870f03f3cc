"""The admin's page of counted tries."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import RateWindow
from tenants.admin import HouseAdmin, ReadOnlyAdmin


@admin.register(RateWindow)
class RateWindowAdmin(ReadOnlyAdmin, HouseAdmin):
    """Tries to sign in, counted over all teams: for operators, who may forgive them by deleting the count."""

    list_display = ["key", "count", "started_at"]
    search_fields = ["key"]
    date_hierarchy = "started_at"

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: RateWindow | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: RateWindow | None = None) -> bool:
        return bool(request.user.is_superuser)
