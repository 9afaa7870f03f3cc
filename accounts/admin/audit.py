"""The admin's page of the audit log."""

from collections import Counter
from collections.abc import Iterable
from functools import update_wrapper
from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from accounts import audit
from accounts.audit import AN_OPERATOR, AuditAction
from accounts.models import AuditEntry, User
from tenants.admin import ReadOnlyAdmin, TenantAdmin
from tenants.scope import current_scope
from tenants.spreadsheets import BYTE_ORDER_MARK, CONTENT_TYPE, as_download, csv_text

MAX_EXPORTED: Final = 50_000
COLUMNS: Final = [
    "time", "team", "action", "kind of actor", "actor", "actor id", "key",
    "object type", "object", "object id", "address", "details",
]  # fmt: skip


class ActionFilter(admin.SimpleListFilter):
    """Filter by what was done, in words."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return AuditAction.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        if self.value() is None:
            return queryset
        return queryset.filter(action=self.value()) if self.value() in AuditAction.values else queryset.none()


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin, TenantAdmin):
    """Who did what, on which object, when and from where. Operators read each other's names, team admins do not."""

    change_list_template = "admin/audit_log.html"
    list_display = ["at", "who", "what", "on_what", "address", "told"]
    list_filter = [ActionFilter, "actor_kind"]
    search_fields = ["actor_name", "key_prefix", "object_name", "address"]
    search_help_text = "An e-mail, the beginning of a key, the name of an object or an address."
    date_hierarchy = "at"
    fields = ["at", "what", "actor_kind", "who", "object_type", "on_what", "object_id", "address", "told"]
    actions = None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Show operators the team after who and what, which are all that fits a phone."""
        when, who, what, *others = self.list_display
        return [when, who, what, "team", *others] if current_scope().is_wide else [when, who, what, *others]

    @admin.display(description="action", ordering="action")
    def what(self, entry: AuditEntry) -> str:
        return _label(entry)

    @admin.display(description="who", ordering="actor_name")
    def who(self, entry: AuditEntry) -> str:
        name = entry.actor_name or entry.get_actor_kind_display()
        return f"{name} by {entry.key_prefix}…" if entry.key_prefix else name

    @admin.display(description="object", ordering="object_name")
    def on_what(self, entry: AuditEntry) -> str:
        return entry.object_name or entry.object_type

    @admin.display(description="details")
    def told(self, entry: AuditEntry) -> str:
        return _details(entry)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Search; an operator finds operators too, whose e-mails do not stand in the entries."""
        found, duplicates = super().get_search_results(request, queryset, search_term)
        if search_term and current_scope().is_wide:
            named = User.objects.filter(is_superuser=True, email__icontains=search_term.strip())
            ids = list(named.values_list("id", flat=True))
            found |= queryset.filter(Q(actor_id__in=ids) | Q(object_id__in=map(str, ids)))
        return found, duplicates

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changes = super().get_changelist_instance(request)
        changes.result_list = _with_operators_named(changes.result_list)
        return changes

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> AuditEntry | None:
        entry = super().get_object(request, object_id, from_field)
        return _with_operators_named([entry])[0] if entry else None

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [
            path("export/", update_wrapper(export, self.export), name="accounts_auditentry_export"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def export(self, request: HttpRequest) -> HttpResponseBase:
        """Hand out as CSV what the filters in the address show; each team's log says how much of it left."""
        try:
            entries = self.get_changelist_instance(request).queryset[: MAX_EXPORTED + 1]
        except IncorrectLookupParameters:
            raise SuspiciousOperation("There is no such filter.") from None
        rows = _with_operators_named(entries)
        if len(rows) > MAX_EXPORTED:
            sentence = f"These are more than {MAX_EXPORTED:,} entries. Narrow them by date or by action first."
            self.message_user(request, sentence, messages.ERROR)
            return redirect(f"{reverse('admin:accounts_auditentry_changelist')}?{request.GET.urlencode()}")
        for team_id, count in Counter(entry.team_id for entry in rows).items():
            audit.record(AuditAction.EXPORTED, team_id=team_id, what="audit log", rows=count)
        text = BYTE_ORDER_MARK + csv_text([COLUMNS, *map(_row, rows)])
        return as_download(HttpResponse(text, content_type=CONTENT_TYPE), "audit-log.csv")


def _label(entry: AuditEntry) -> str:
    return AuditAction(entry.action).label if entry.action in AuditAction.values else entry.action


def _details(entry: AuditEntry) -> str:
    """Write details in one line; sorted, since PostgreSQL keeps them in an order of its own."""
    return "; ".join(
        f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in sorted(entry.details.items())
    )


def _row(entry: AuditEntry) -> list[Any]:
    return [
        entry.at.isoformat(), entry.team.slug, _label(entry), entry.get_actor_kind_display(), entry.actor_name,
        entry.actor_id, entry.key_prefix, entry.object_type, entry.object_name, entry.object_id, entry.address,
        _details(entry),
    ]  # fmt: skip


def _with_operators_named(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Return the entries; to operators, with the e-mails of operators in the place where none stands."""
    found = list(entries)
    if current_scope().is_wide:
        emails = dict(User.objects.filter(is_superuser=True).values_list("id", "email"))
        by_text: dict[str, str] = {str(pk): email for pk, email in emails.items()}
        for entry in found:
            if entry.actor_name == AN_OPERATOR and entry.actor_id is not None:
                entry.actor_name = emails.get(entry.actor_id, AN_OPERATOR)
            if entry.object_name == AN_OPERATOR:
                entry.object_name = by_text.get(entry.object_id, AN_OPERATOR)
    return found
