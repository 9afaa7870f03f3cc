"""Writing many rows at once, within the team in scope."""

from collections.abc import Collection, Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection, models

from tenants.exceptions import WrongTeam
from tenants.models import TenantModel
from tenants.scope import current_team_id

AT_ONCE: Final = 250


def update_rows(rows: Sequence[TenantModel], names: Collection[str]) -> None:
    """Write some fields of rows as each row holds them, none of another team; it takes a statement for every 250 rows.

    `bulk_update` does the same with a condition for each field of each row, which Django takes longer to write than
    to `save()` each row by itself.
    """
    if {"team", "team_id"} & set(names):
        raise WrongTeam("The team of a row never changes.")
    team_id = current_team_id()
    for start in range(0, len(rows), AT_ONCE):
        _update(rows[start : start + AT_ONCE], names, team_id)


def _update(rows: Sequence[TenantModel], names: Collection[str], team_id: UUID) -> None:
    meta, quote = rows[0]._meta, connection.ops.quote_name
    known = {field.name: field for field in meta.concrete_fields}
    fields, table = [known[name] for name in names], quote(meta.db_table)
    # Both databases name the columns of such a list so; the first is the key.
    changes = [f"{quote(str(field.column))} = {_typed(field, f'given.column{n}')}" for n, field in enumerate(fields, 2)]
    line = f"({', '.join(['%s'] * (len(fields) + 1))})"
    statement = (
        f"UPDATE {table} SET {', '.join(changes)} FROM (VALUES {', '.join([line] * len(rows))}) AS given "  # noqa: S608
        f"WHERE {table}.id = given.column1 AND {table}.team_id = %s"
    )
    values = [_prepared(field, getattr(row, field.attname)) for row in rows for field in (known["id"], *fields)]
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, _prepared(known["team"], team_id)])


def _typed(field: "models.Field[Any, Any]", given: str) -> str:
    """Return a value with its type, which PostgreSQL cannot tell where all are NULL; a cast would cut texts."""
    is_text = isinstance(field, models.CharField | models.TextField)
    if is_text or not connection.features.requires_casted_case_in_updates:
        return given
    return f"CAST({given} AS {field.cast_db_type(connection)})"


def _prepared(field: "models.Field[Any, Any]", value: Any) -> Any:
    return field.get_db_prep_save(value, connection)
