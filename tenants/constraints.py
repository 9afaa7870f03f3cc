"""A foreign key that cannot leave the team, kept by the database."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models.constraints import BaseConstraint

from tenants.scope import current_scope


class SameTeam(BaseConstraint):
    """The composite foreign key (team_id, field_id) → parent (team_id, id).

    A plain foreign key looks past row-level security and past managers; this one refuses a parent of another team
    on SQLite and PostgreSQL alike. The parent needs a unique key on (team, id).
    """

    def __init__(self, *, field: str, name: str) -> None:
        self.field = field
        super().__init__(name=name)

    def _foreign_key(self, model: type[models.Model]) -> "models.ForeignKey[Any, Any]":
        field = model._meta.get_field(self.field)
        assert isinstance(field, models.ForeignKey)
        return field

    def _clause(self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor) -> str:
        field = self._foreign_key(model)
        parent = field.related_model
        quote = schema_editor.quote_name
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote('team_id')}, {quote(field.column)}) "
            f"REFERENCES {quote(parent._meta.db_table)} ({quote('team_id')}, {quote('id')}) "
            "DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        return self._clause(model, schema_editor)

    def create_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self._clause(model, schema_editor)}"

    def remove_sql(  # type: ignore[override]
        self, model: type[models.Model], schema_editor: BaseDatabaseSchemaEditor
    ) -> str:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: set[str] | None = None,
        using: str = "default",
    ) -> None:
        """Raise `ValidationError` on a parent of another team (a form's view of the same rule)."""
        field = self._foreign_key(model)
        parent_id = getattr(instance, field.attname)
        if parent_id is None or (exclude and self.field in exclude):
            return
        parents = field.related_model._base_manager.using(using)
        team_id = instance.team_id or current_scope().team_id  # type: ignore[attr-defined] # None: claimed when saved
        if not parents.filter(id=parent_id, team_id=team_id).exists():
            raise ValidationError({self.field: "Choose one of the same team."})

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "field": self.field}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SameTeam) and (self.field, self.name) == (other.field, other.name)

    __hash__ = BaseConstraint.__hash__
