"""The scoped manager: the one choke point of the first wall."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import F, Func
from django.db.models.sql.compiler import SQLCompiler

from tenants.exceptions import WrongTeam
from tenants.scope import current_scope

M = TypeVar("M", bound=models.Model)


class InScope(Func):
    """The condition `team_id = <team in scope>`, decided when the SQL is compiled.

    Late on purpose: querysets, forms and serializers made at import time, pickled or consumed lazily, are held to
    the scope they run in, and every path of the ORM that compiles SQL passes here. Without a scope it raises.
    """

    conditional = True

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(
            *(expressions or (F("team_id"),)), **{"output_field": models.BooleanField(), **extra}
        )

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, list[Any]]:
        scope = current_scope()
        if scope.team_id is None:
            return "1 = 1", []
        column, params = compiler.compile(self.source_expressions[0])
        value = models.UUIDField().get_db_prep_value(scope.team_id, connection)
        return f"{column} = %s", [*params, value]


class TenantQuerySet(models.QuerySet[M]):
    """A queryset that also holds bulk writes to the scope."""

    def bulk_create(self, objs: Iterable[M], *args: Any, **kwargs: Any) -> list[M]:
        """Insert rows of the team in scope; updating on conflict could overwrite a row of another team."""
        if kwargs.get("update_conflicts"):
            raise WrongTeam(
                "bulk_create(update_conflicts=True) does not look at the team of the row it meets."
            )
        rows = list(objs)
        for row in rows:
            row.claim_team()  # type: ignore[attr-defined]
        return super().bulk_create(rows, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Update rows; a row's team never changes."""
        if "team" in kwargs or "team_id" in kwargs:
            raise WrongTeam("The team of a row never changes.")
        return super().update(**kwargs)


class TenantManager(models.Manager[M]):
    """The default manager of every tenant model: only rows of the team in scope exist."""

    def get_queryset(self) -> TenantQuerySet[M]:
        return TenantQuerySet[M](self.model, using=self._db).filter(InScope())
