"""The admin's page of tiers."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse

from accounts.models import NO_TIER, Tier, User
from tenants.admin import HouseAdmin


@admin.register(Tier)
class TierAdmin(HouseAdmin):
    """Tiers, for operators: they hold for every team. `none` stays as it is, since those without a tier are in it."""

    list_display = ["name", "requests_per_hour", "runs_per_month"]
    fields = ["name", "requests_per_hour", "runs_per_month"]
    search_fields = ["name"]
    actions = None
    empty_value_display = "unlimited"

    def get_readonly_fields(self, request: HttpRequest, obj: Tier | None = None) -> list[str]:
        return ["name"] if obj else []

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_view_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return bool(request.user.is_superuser) and (obj is None or obj.name != NO_TIER)

    def has_delete_permission(self, request: HttpRequest, obj: Tier | None = None) -> bool:
        return self.has_change_permission(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Say how many people are in the way, instead of naming them all."""
        tier = self.get_object(request, unquote(object_id))
        if tier and self.has_delete_permission(request, tier) and (people := User.objects.filter(tier=tier).count()):
            sentence = f"The tier {tier} cannot be deleted while people are in it: {people}. Give them another first."
            self.message_user(request, sentence, messages.ERROR)
            return redirect(reverse("admin:accounts_tier_change", args=[object_id]))
        return super().delete_view(request, object_id, extra_context)
