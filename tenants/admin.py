"""The base of the admin's pages, and the page of teams."""

from collections.abc import Collection
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import FieldDoesNotExist, SuspiciousOperation, ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.forms.fields import InvalidJSONInput
from django.http import HttpRequest
from django.template.response import TemplateResponse
from rest_framework.exceptions import ParseError

from tenants.api.parsers import loads
from tenants.events import RowWritten, Verb, row_written
from tenants.models import Team
from tenants.scope import current_scope

# What Django's own filters and date links ask. A pattern of somebody's own could keep the whole process busy.
HARMLESS_LOOKUPS: Final = frozenset({"exact", "in", "isnull", "gt", "gte", "lt", "lte", "year", "month", "day"})


def is_harmless(model: type[models.Model], lookup: str) -> bool:
    """Tell whether a lookup leads over fields, none of them JSON, to at most one harmless comparison."""
    names = lookup.split(LOOKUP_SEP)
    reached: Any = model
    while names and reached:
        try:
            field = reached._meta.get_field(names[0])
        except FieldDoesNotExist:
            break
        if isinstance(field, models.JSONField):
            return False
        reached = field.related_model
        del names[0]
    return not names or (len(names) == 1 and names[0] in HARMLESS_LOOKUPS)


class JSONObjectField(forms.JSONField):
    """A JSON object, read as strictly as the API reads one; empty is the empty object."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return {}
        try:
            document = loads(str(value).encode("utf-8", "surrogatepass"), what="This")
        except ParseError as error:
            raise forms.ValidationError(str(error.detail)) from None
        if not isinstance(document, dict):
            raise forms.ValidationError("This must be an object: {…}.")
        return document

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return self.to_python(data)
        except forms.ValidationError:
            return InvalidJSONInput(data)


class HouseAdmin(admin.ModelAdmin):
    """What all pages share.

    No secret can be filtered by, an operator's name stays among operators, and whatever is written here is told.
    """

    formfield_overrides = {models.JSONField: {"form_class": JSONObjectField}}
    secret_fields: ClassVar[frozenset[str]] = frozenset()
    holds_text: ClassVar[bool] = False
    list_per_page = 50
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Refuse `?password=…` and `?title__regex=…`: Django lets a model's own columns be asked anything."""
        if not self.secret_fields.isdisjoint(lookup.split(LOOKUP_SEP)) or not is_harmless(self.model, lookup):
            return False
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        try:
            return super().get_changelist_instance(request)
        except OverflowError:  # Django asks the calendar for the year 99999999999
            raise SuspiciousOperation("There is no such date.") from None

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:  # type: ignore[override]
        """Refuse what can be no id, which Django looks for all the same."""
        try:
            for chosen in request.POST.getlist(ACTION_CHECKBOX_NAME):
                self.opts.pk.clean(chosen, None)
        except ValidationError:
            raise SuspiciousOperation("There is no such id.") from None
        return super().response_action(request, queryset)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:
            self.tell(Verb.ADDED, obj)
        elif form.changed_data:
            self.tell(Verb.CHANGED, obj, fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            self.tell(Verb.DELETED, obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        with transaction.atomic():
            for row in queryset:
                self.tell(Verb.DELETED, row)
            super().delete_queryset(request, queryset)

    def tell(self, verb: Verb, row: models.Model, *, fields: Collection[str] = ()) -> None:
        """Tell whoever keeps records what is done to a row; call it in the transaction that does it."""
        row_written.send(type(row), event=RowWritten(row, verb, tuple(sorted(fields)), self.holds_text))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().history_view(request, object_id, extra_context)
        scope = current_scope()
        if isinstance(response, TemplateResponse) and response.context_data and not scope.is_wide:
            for entry in response.context_data["action_list"]:
                if entry.user.team_id != scope.team_id:
                    setattr(entry.user, entry.user.USERNAME_FIELD, "An operator")
        return response


class TenantForm(forms.ModelForm):
    """The form of a team's row: an operator says which team a new row is for, everybody else has one."""

    in_team = forms.ModelChoiceField(Team.objects.all(), label="Team", help_text="It never changes.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scope = current_scope()
        if self.instance._state.adding and scope.team_id is not None:
            self.instance.team_id = scope.team_id
        if not (self.instance._state.adding and scope.is_wide):
            del self.fields["in_team"]

    def clean(self) -> dict[str, Any] | None:
        if team := self.cleaned_data.get("in_team"):
            self.instance.team = team
        return super().clean()

    def _get_validation_exclusions(self) -> set[str]:
        """Check the constraints that name the team, though it is no field of the form."""
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return excluded - {"team"} if self.instance.team_id else excluded


class TenantAdmin(HouseAdmin):
    """The page of one model of the teams; operators see and choose the team, team admins have no notion of it."""

    form = TenantForm
    list_select_related: ClassVar[list[str]] = []

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        first, *others = super().get_list_display(request)
        return [first, "team", *others] if current_scope().is_wide else [first, *others]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Offer the filters; an operator's leave relations out, whose options would be all teams' rows."""
        filters: list[Any] = [*super().get_list_filter(request)]
        if not current_scope().is_wide:
            return filters
        return ["team", *(one for one in filters if callable(one) or not self.opts.get_field(one).is_relation)]

    def get_list_select_related(self, request: HttpRequest) -> list[str]:
        return [*self.list_select_related, "team"]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for name in super().get_fields(request, obj) if name not in {"team", "in_team"}]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if not current_scope().is_wide:
            return fieldsets
        return [(None, {"fields": ["team" if obj else "in_team"]}), *fieldsets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [*super().get_readonly_fields(request, obj), "team"]

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let what nobody deletes by hand go together with the row it hangs on."""
        deleted, counts, refused, protected = super().get_deleted_objects(objs, request)
        followers = {
            str(model._meta.verbose_name)
            for model, page in self.admin_site._registry.items()
            if isinstance(page, ReadOnlyAdmin) and model is not self.model
        }
        return deleted, counts, {name for name in refused if str(name) not in followers}, protected


class ReadOnlyAdmin(HouseAdmin):
    """A page to look at: what it shows is written by the program alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Team)
class TeamAdmin(HouseAdmin):
    """Teams: operators open, change and close them; a team's admin reads their own. None is deleted here."""

    list_display = ["name", "slug", "registration", "max_users", "is_active", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "is_active", "settings", "created_at"]
    readonly_fields = ["created_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        scope = current_scope()
        teams = super().get_queryset(request)
        return teams if scope.is_wide else teams.filter(id=scope.team_id)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Team | None = None) -> bool:
        return False
