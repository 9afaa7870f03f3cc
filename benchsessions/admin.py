"""The admin's pages of the bench. No token and no header is shown, and no list loads what was asked and answered."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from benchsessions.models import (
    Analyst,
    Annotation,
    AnnotationRevision,
    BenchRun,
    BenchSession,
    EnvironmentSettings,
    Flag,
    Item,
    Question,
    QuestionSet,
    QuestionSetVersion,
    SecondOpinion,
    Target,
    Upload,
)
from tenants.admin import ReadOnlyAdmin, TenantAdmin


class _LightAdmin(ReadOnlyAdmin, TenantAdmin):
    """A list whose related rows come without their large columns, which `heavy` names."""

    heavy: ClassVar[tuple[str, ...]]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset: QuerySet[Any] = super().get_queryset(request)
        return queryset.defer(*self.heavy)


@admin.register(Analyst)
class AnalystAdmin(TenantAdmin):
    """Who is at the bench. Only the account behind the eight digits is chosen here."""

    list_display = ["__str__", "login", "user", "created_at", "last_login_at"]
    list_filter = ["created_at", "last_login_at"]
    list_select_related = ["user"]
    search_fields = ["login", "user__email"]
    search_help_text = "The eight digits or the account's e-mail."
    date_hierarchy = "created_at"
    fields = ["login", "user", "created_at", "last_login_at"]
    autocomplete_fields = ["user"]
    readonly_fields = ["login", "created_at", "last_login_at"]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        help_text = "An account is one analyst: take it off another one first."
        return super().get_form(request, obj, change, help_texts={"user": help_text}, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EnvironmentSettings)
class EnvironmentSettingsAdmin(ReadOnlyAdmin, TenantAdmin):
    """Which settings somebody made, never what they are: a key that we do not know may hold a secret."""

    list_display = ["__str__", "environment", "has_token", "updated_at"]
    list_filter = ["environment", "updated_at"]
    list_select_related = ["analyst__user"]
    search_fields = ["analyst__login", "analyst__user__email"]
    secret_fields = frozenset({"sealed_bearer_token", "values"})
    fields = ["analyst", "environment", "keys", "has_token", "updated_at"]

    @admin.display(description="token stored", boolean=True)
    def has_token(self, settings: EnvironmentSettings) -> bool:
        return bool(settings.sealed_bearer_token)

    @admin.display(description="settings made")
    def keys(self, settings: EnvironmentSettings) -> str:
        return ", ".join(sorted(settings.values))


@admin.register(Target)
class TargetAdmin(ReadOnlyAdmin, TenantAdmin):
    """What stands behind the environments; it is chosen on the team's own pages."""

    list_display = ["environment", "agent", "bench_url", "backend_url", "has_headers", "updated_at"]
    list_filter = ["environment"]
    list_select_related = ["agent"]
    secret_fields = frozenset({"sealed_headers"})
    fields = [
        "environment", "agent", "bench_url", "backend_url", "has_headers", "max_concurrent", "answer_seconds",
        "list_seconds", "updated_at",
    ]  # fmt: skip

    @admin.display(description="headers stored", boolean=True)
    def has_headers(self, target: Target) -> bool:
        return bool(target.sealed_headers)


@admin.register(QuestionSet)
class QuestionSetAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["name", "created_by", "created_at", "is_archived"]
    list_filter = ["is_archived"]
    list_select_related = ["created_by__user"]
    search_fields = ["name"]
    date_hierarchy = "created_at"
    fields = ["name", "description", "created_by", "created_at", "is_archived"]


@admin.register(QuestionSetVersion)
class QuestionSetVersionAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["__str__", "n_questions", "created_by", "created_at", "frozen_at"]
    list_select_related = ["question_set", "created_by__user"]
    search_fields = ["question_set__name"]
    date_hierarchy = "created_at"
    fields = ["question_set", "number", "n_questions", "created_by", "created_at", "frozen_at"]


@admin.register(Question)
class QuestionAdmin(ReadOnlyAdmin, TenantAdmin):
    list_display = ["__str__", "version", "position", "external_id"]
    list_select_related = ["version__question_set"]
    search_fields = ["body", "external_id", "version__question_set__name"]
    fields = [
        "version", "position", "external_id", "body", "with_docs", "reference_answer", "expected_documents", "tags",
    ]  # fmt: skip


@admin.register(BenchSession)
class BenchSessionAdmin(ReadOnlyAdmin, TenantAdmin):
    """Sessions, also deleted ones as long as they are kept."""

    list_display = ["__str__", "owner", "environment", "n_questions", "n_failed", "n_rated", "created_at", "deleted_at"]
    list_filter = ["environment", "api_mode", "is_misaligned", "created_at", "deleted_at"]
    list_select_related = ["owner__user"]
    search_fields = ["title", "owner__login", "owner__user__email"]
    date_hierarchy = "created_at"
    fields = [
        "title", "owner", "environment", "api_mode", "question_set_version", "is_misaligned", "n_questions",
        "n_answered", "n_failed", "n_skipped", "n_rated", "n_correct", "n_partly", "n_incorrect", "n_not_applicable",
        "n_flagged", "version", "created_at", "updated_at", "deleted_at",
    ]  # fmt: skip


@admin.register(Item)
class ItemAdmin(_LightAdmin):
    """How each question of a session stands; what was answered is shown on the team's own pages."""

    heavy = ("request", "answer", "session__raw_response")
    list_display = ["__str__", "session", "index", "status", "verdict", "attempts", "elapsed_ms"]
    list_filter = ["status", "is_due", "is_flagged", "is_disputed"]
    list_select_related = ["session"]
    search_fields = ["question", "session__title"]
    fields = [
        "session", "index", "question", "status", "is_due", "attempts", "elapsed_ms", "verdict", "is_disputed",
        "decided_rating", "decided_by", "decided_at", "is_flagged", "is_changed",
    ]  # fmt: skip


@admin.register(Annotation)
class AnnotationAdmin(_LightAdmin):
    heavy = ("item__request", "item__answer")
    list_display = ["__str__", "rating", "is_second", "version", "updated_at"]
    list_filter = ["is_second", "updated_at"]
    list_select_related = ["item", "author__user"]
    search_fields = ["author__login", "author__user__email", "session__title"]
    date_hierarchy = "updated_at"
    fields = ["session", "item", "author", "data", "rating", "rated_at", "is_second", "version", "updated_at"]


@admin.register(AnnotationRevision)
class AnnotationRevisionAdmin(_LightAdmin):
    heavy = ("annotation__item__request", "annotation__item__answer")
    list_display = ["__str__", "annotation", "at"]
    list_select_related = ["annotation__item", "annotation__author__user"]
    search_fields = ["annotation__author__login", "annotation__author__user__email"]
    date_hierarchy = "at"
    fields = ["annotation", "version", "data", "at"]


@admin.register(Flag)
class FlagAdmin(_LightAdmin):
    heavy = ("item__request", "item__answer")
    list_display = ["__str__", "author", "created_at", "resolved_at"]
    list_filter = ["created_at", "resolved_at"]
    list_select_related = ["item", "author__user"]
    search_fields = ["comment", "author__login", "author__user__email"]
    date_hierarchy = "created_at"
    fields = ["item", "author", "comment", "created_at", "resolved_at", "resolved_by"]


@admin.register(SecondOpinion)
class SecondOpinionAdmin(_LightAdmin):
    heavy = ("session__raw_response",)
    list_display = ["__str__", "every", "asked_by", "created_at"]
    list_select_related = ["session", "reviewer__user", "asked_by__user"]
    search_fields = ["session__title", "reviewer__login", "reviewer__user__email"]
    date_hierarchy = "created_at"
    fields = ["session", "reviewer", "asked_by", "every", "created_at"]


@admin.register(BenchRun)
class BenchRunAdmin(_LightAdmin):
    """How the asking of each session went."""

    heavy = ("session__raw_response",)
    list_display = ["__str__", "state", "started_by", "started_at", "ended_at", "reason"]
    list_filter = ["state", "started_at"]
    list_select_related = ["session", "started_by__user"]
    search_fields = ["session__title", "started_by__login", "started_by__user__email"]
    date_hierarchy = "started_at"
    fields = [
        "session", "state", "started_by", "in_order", "batch_size", "max_concurrent", "stop_after_errors",
        "errors_in_row", "n_crashes", "started_at", "resumed_at", "ended_at", "stop_requested_at", "lease_until",
        "reason", "sentence",
    ]  # fmt: skip


@admin.register(Upload)
class UploadAdmin(_LightAdmin):
    """Files that people sent and have not taken over yet; what is in them is theirs alone."""

    heavy = ("data",)
    list_display = ["name", "owner", "question_set", "created_at"]
    list_select_related = ["owner__user", "question_set"]
    search_fields = ["name", "owner__login", "owner__user__email"]
    date_hierarchy = "created_at"
    fields = ["owner", "question_set", "name", "created_at"]
