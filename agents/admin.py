"""The admin's pages of agents and of the ledger of their calls."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User
from agents import breaker, rules
from agents.diagnosis.admin import TestedAdmin
from agents.models import Agent, Run
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


@admin.register(Agent)
class AgentAdmin(TestedAdmin):
    form = AgentForm
    list_display = ["name", "kind", "webhook_url", "has_token", "is_active", "updated_at"]
    list_filter = ["kind", "is_active"]
    search_fields = ["name", "description"]
    readonly_fields = ["has_token", "created_by", "created_at", "updated_at"]
    secret_fields = frozenset({"sealed_webhook_token"})
    fieldsets = [
        (None, {"fields": ["name", "description", "kind", "is_active"]}),
        ("Where it lives", {"fields": ["webhook_url", "has_token", "new_webhook_token", "clear_webhook_token"]}),
        ("What it is told", {"fields": ["system_prompt", "config", "limits"]}),
        ("History", {"fields": ["created_by", "created_at", "updated_at"]}),
    ]

    @admin.display(boolean=True, description="token stored")
    def has_token(self, agent: Agent) -> bool:
        return bool(agent.sealed_webhook_token)

    def save_model(self, request: HttpRequest, obj: Agent, form: Any, change: bool) -> None:
        if not change and isinstance(request.user, User) and request.user.team_id == obj.team_id:
            obj.created_by = request.user
        secret = {"new_webhook_token", "clear_webhook_token"}.intersection(form.changed_data)
        breaker.forgive(obj, changed=[*form.changed_data, *(["webhook_token"] if secret else [])])
        super().save_model(request, obj, form, change)
        keep_version(
            obj, by=request.user if isinstance(request.user, User) and request.user.team_id == obj.team_id else None
        )


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
