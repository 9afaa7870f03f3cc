"""The admin's page of people."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.admin import GroupAdmin  # noqa: F401 - registers Group, which is taken off below
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit, queries
from accounts.actions import invitations, people, standing
from accounts.audit import AuditAction
from accounts.exceptions import LastAdmin, TeamFull
from accounts.forms.fields import password_field
from accounts.models import Role, User, normalise_email
from tenants.admin import TenantAdmin, TenantForm
from tenants.scope import current_scope, tenant_scope

admin.site.unregister(Group)  # shared by all teams, and no right here hangs on it


class PersonForm(TenantForm):
    """A person; the password goes in and never comes out."""

    new_password = password_field("Password", autocomplete="new-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._had_seat = not self.instance._state.adding and self._takes_seat({})
        password = self.fields["new_password"]
        if self.instance._state.adding:
            password.help_text = " ".join(password_validators_help_texts())
        else:
            password.required = False
            password.help_text = "Empty keeps the present one. A new one ends every session of the person."

    def clean_email(self) -> str:
        return normalise_email(self.cleaned_data["email"])

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            about = {name: self.cleaned_data.get(name, getattr(self.instance, name)) for name in ("email", "full_name")}
            validate_password(password, User(**about))
        return password

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.team_id and self._takes_seat(self.cleaned_data) and not self._had_seat:
            try:
                with tenant_scope(self.instance.team_id):
                    people.require_seat(team_id=self.instance.team_id)
            except TeamFull as error:
                self.add_error(None, error.sentence)
        if not self.instance._state.adding and not self._stays_admin():
            try:
                _require_admin_without([self.instance])
            except LastAdmin as error:
                self.add_error(None, error.sentence)
        return cleaned

    def _takes_seat(self, given: dict[str, Any]) -> bool:
        is_active, is_operator = (
            given.get(name, getattr(self.instance, name)) for name in ("is_active", "is_superuser")
        )
        return bool(is_active and not is_operator)

    def _stays_admin(self) -> bool:
        role, is_active = (self.cleaned_data.get(name, getattr(self.instance, name)) for name in ("role", "is_active"))
        return bool(is_active and role == Role.ADMIN)


@admin.register(User)
class UserAdmin(TenantAdmin):
    """People. Operators do not exist for a team's admin; nobody can lock themselves out."""

    form = PersonForm
    list_display = ["email", "full_name", "role", "tier", "is_active", "last_login", "created_at"]
    list_filter = ["role", "is_active", "last_login"]
    list_select_related = ["tier"]
    search_fields = ["email", "full_name"]
    date_hierarchy = "created_at"
    secret_fields = frozenset({"password"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people = super().get_queryset(request)
        return people if current_scope().is_wide else people.filter(is_superuser=False)

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        fields = ["email", "full_name", "new_password", "role", "is_active"]
        if current_scope().is_wide:
            fields.append("is_superuser")
        tier = "tier" if current_scope().is_wide else "tier_name"
        return [*fields, tier, "last_login", "created_at"] if obj else fields

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[Any]:
        fixed = ["role", "is_active", "is_superuser"] if obj == request.user else []
        return [*super().get_readonly_fields(request, obj), "tier_name", "last_login", "created_at", *fixed]

    @admin.display(description="tier")
    def tier_name(self, person: User) -> str:
        """Show the tier without the link to its page, which is for operators."""
        return person.tier.name

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = [*super().get_list_filter(request)]
        return [*filters, "is_superuser"] if current_scope().is_wide else filters

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or obj != request.user)

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        with transaction.atomic():
            _take_away([obj])
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        with transaction.atomic():
            _take_away(queryset)
            super().delete_queryset(request, queryset)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        password = form.cleaned_data["new_password"]
        if not change:
            obj.set_password(password)
            obj.tier = queries.tier_to_begin_with(obj.team)
        super().save_model(request, obj, form, change)
        if change:
            _record_standing(obj, form)
            if {"role", "is_active"} & set(form.changed_data):
                standing.end_what_hung_on_it(obj)
        if change and password:
            people.change_password(user=obj, password=password)
            if obj == request.user:
                update_session_auth_hash(request, obj)


def _require_admin_without(leaving: Iterable[User]) -> None:
    """Raise `LastAdmin` if a team would be left without its last active admin."""
    ids = [(person.team_id, person.id) for person in leaving]
    for team_id in sorted({team_id for team_id, _ in ids}):
        with tenant_scope(team_id):
            standing.require_admin_without([person_id for team, person_id in ids if team == team_id], team_id=team_id)


def _take_away(leaving: Iterable[User]) -> None:
    _require_admin_without(leaving)
    for person in leaving:
        invitations.withdraw_all(of=person)


def _record_standing(person: User, form: PersonForm) -> None:
    """Record what a person was and is, in the words of the actions that change the same elsewhere."""
    about: dict[str, Any] = {"team_id": person.team_id, "target": person}
    if "role" in form.changed_data:
        audit.record(AuditAction.ROLE_CHANGED, **about, before=form.initial["role"], role=person.role)
    if "tier" in form.changed_data:
        audit.record(AuditAction.TIER_CHANGED, **about, before=form.initial["tier"], after=person.tier_id)
    if "is_active" in form.changed_data:
        action = AuditAction.PERSON_ACTIVATED if person.is_active else AuditAction.PERSON_DEACTIVATED
        audit.record(action, **about)
