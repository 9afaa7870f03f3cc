"""The scoped manager: the one choke point of the first wall."""

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any, Final, NoReturn, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import F, Func
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

from tenants.exceptions import WrongTeam
from tenants.scope import Scope, current_scope, find_scope

M = TypeVar("M", bound=models.Model)
TEAM_ID: Final = models.UUIDField()


class InScope(Func):
    """The condition `team_id = <team in scope>`, decided when the SQL is compiled.

    Late on purpose: querysets, forms and serializers made at import time, pickled or consumed lazily, are held to
    the scope they run in, and every path of the ORM that compiles SQL passes here. Without a scope it raises.
    """

    conditional = True

    def __init__(self, *expressions: Any, **extra: Any) -> None:
        super().__init__(*(expressions or (F("team_id"),)), **{"output_field": models.BooleanField(), **extra})

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **extra: Any
    ) -> tuple[str, tuple[Any, ...]]:
        scope = current_scope()
        if scope.is_wide:
            return "1 = 1", ()
        column, params = compiler.compile(self.source_expressions[0])
        value = TEAM_ID.get_db_prep_value(scope.team_id, connection)
        return f"{column} = %s", (*params, value)


class TenantQuerySet(models.QuerySet[M]):
    """A queryset that also holds its memory and bulk writes to the scope."""

    _kept: tuple[Scope | None, list[M] | None] = (None, None)

    @property
    def _result_cache(self) -> list[M] | None:  # type: ignore[override]
        """The rows read earlier, unless another scope read them.

        A queryset kept in a module, a class or a pickle is asked by one team after another, and Django's memory of
        the first answer would serve them all. Outside of any scope, rows already read may still be walked.
        """
        scope, rows = self._kept
        return rows if find_scope() in {None, scope} else None

    @_result_cache.setter
    def _result_cache(self, rows: list[M] | None) -> None:
        self._kept = (find_scope(), rows)

    def bulk_create(
        self,
        objs: Iterable[M],
        batch_size: int | None = None,
        ignore_conflicts: bool = False,
        update_conflicts: bool = False,
        update_fields: Collection[str] | None = None,
        unique_fields: Collection[str] | None = None,
    ) -> list[M]:
        """Insert rows of the team in scope; updating on conflict could overwrite a row of another team."""
        if update_conflicts:
            raise WrongTeam("bulk_create(update_conflicts=True) does not look at the team of the row it meets.")
        rows = list(objs)
        for row in rows:
            row.claim_team()  # type: ignore[attr-defined]
        return super().bulk_create(rows, batch_size=batch_size, ignore_conflicts=ignore_conflicts)

    def update(self, **kwargs: Any) -> int:
        """Update rows; a row's team never changes."""
        if "team" in kwargs or "team_id" in kwargs:
            raise WrongTeam("The team of a row never changes.")
        return super().update(**kwargs)

    def raw(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refuse: rows made from handwritten SQL would pass the scope by."""
        raise WrongTeam("raw() does not look at the team; use the ORM.")


class TenantManager(models.Manager[M]):
    """The default manager of every tenant model: only rows of the team in scope exist."""

    queryset_class: type[TenantQuerySet[M]] = TenantQuerySet

    def get_queryset(self) -> TenantQuerySet[M]:
        query = _scoped_query(self.model).chain()
        # A clone shares these lists and adds to them: the query kept would grow with every join.
        query.table_map = {table: [*aliases] for table, aliases in query.table_map.items()}
        return self.queryset_class(self.model, query, self._db)


def find(rows: models.QuerySet[M], **conditions: Any) -> M | None:
    """Return the one row that meets the conditions, None if there is none; raise if there are several.

    Unlike `first()` it does not have the database sort, nor Django write down how.
    """
    try:
        return rows.get(**conditions)
    except ObjectDoesNotExist:
        return None


@cache
def _scoped_query(model: type[models.Model]) -> Query:
    """Return the query for a model's rows in scope: built once, as that took an eighth of a message's CPU."""
    return TenantQuerySet(model).filter(InScope()).query
