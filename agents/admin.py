"""The admin's pages of agents and of the ledger of their calls."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import User
from agents import actions, rules
from agents.diagnosis.admin import TestedAdmin
from agents.models import Agent, AgentMember, AgentVersion, Run
from agents.versions import keep_version
from tenants.admin import ReadOnlyAdmin, TenantAdmin, TenantForm
from tenants.exceptions import Invalid


class AgentForm(TenantForm):
    """An agent; its secret goes in and never comes out."""

    new_webhook_token = forms.CharField(
        label="Webhook token",
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Never shown. Leave it empty to keep what is stored.",
    )
    clear_webhook_token = forms.BooleanField(label="Forget the stored token", required=False)

    def _post_clean(self) -> None:
        """Hold the agent to the rules that every other way of writing one is held to."""
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        changed = {*self.changed_data}
        if self.cleaned_data["new_webhook_token"] or self.cleaned_data["clear_webhook_token"]:
            self.instance.webhook_token = self.cleaned_data["new_webhook_token"]
            changed.add("webhook_token")
        try:
            rules.hold(self.instance, changed={*rules.RULES} if self.instance._state.adding else changed)
        except Invalid as refusal:
            for field, sentences in (refusal.errors or {}).items():
                self.add_error("new_webhook_token" if field == "webhook_token" else field, [*sentences])

    def changes(self) -> dict[str, Any]:
        """Return what was typed anew, as the fields of an agent."""
        given = self.cleaned_data
        changed = {name: given[name] for name in self.changed_data if name in actions.AgentFields.__annotations__}
        if given["new_webhook_token"] or given["clear_webhook_token"]:
            changed["webhook_token"] = given["new_webhook_token"]
        return changed


class MemberInline(admin.TabularInline):
    """To whom an agent is given; they are chosen on the pages of its team."""

    model = AgentMember
    fields = ["user"]
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[AgentMember]:
        return super().get_queryset(request).select_related("user").defer("user__avatar")


@admin.register(Agent)
class AgentAdmin(TestedAdmin):
    form = AgentForm
    inlines = [MemberInline]
    list_display = ["name", "kind", "webhook_url", "has_token", "audience", "is_active", "updated_at"]
    list_filter = ["kind", "audience", "is_active"]
    search_fields = ["name", "description"]
    readonly_fields = ["has_token", "version", "created_by", "created_at", "updated_at"]
    secret_fields = frozenset({"sealed_webhook_token"})
    fieldsets = [
        (None, {"fields": ["name", "description", "kind", "audience", "is_active"]}),
        ("Where it lives", {"fields": ["webhook_url", "user_agent"]}),
        ("Its secret", {"fields": ["auth_kind", "auth_name", "has_token", "new_webhook_token", "clear_webhook_token"]}),
        ("What it is told", {"fields": ["system_prompt", "config"]}),
        ("Limits", {"fields": ["max_concurrent", "limits"]}),
        ("History", {"fields": ["version", "created_by", "created_at", "updated_at"]}),
    ]

    @admin.display(boolean=True, description="token stored")
    def has_token(self, agent: Agent) -> bool:
        return bool(agent.sealed_webhook_token)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        """Write a change as everybody does: only what was typed anew, held to the agent as it stands by then."""
        person = request.user if isinstance(request.user, User) else None
        by = person if person is not None and person.team_id == obj.team_id else None
        if change:
            actions.update_agent(agent=Agent.objects.get(pk=obj.pk), changed_by=by, **form.changes())
            return
        obj.created_by = by
        super().save_model(request, obj, form, change)
        keep_version(obj, by=by)


@admin.register(AgentVersion)
class AgentVersionAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["number", "agent", "created_by", "created_at"]
    list_select_related = ["agent", "created_by"]
    search_fields = ["agent__name"]
    date_hierarchy = "created_at"
    ordering = ["-created_at"]


@admin.register(AgentMember)
class AgentMemberAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["user", "agent"]
    list_select_related = ["agent", "user"]
    search_fields = ["agent__name", "user__email"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["started_at", "agent_name", "user", "purpose", "status", "seconds", "chars_out", "error_code"]
    list_filter = ["status", "purpose", "agent"]
    list_select_related = ["user"]
    search_fields = ["agent_name", "user__email", "error_code"]
    date_hierarchy = "started_at"
    exclude = ["owner", "lease_until"]

    @admin.display(description="seconds")
    def seconds(self, run: Run) -> str | None:
        return f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else None
