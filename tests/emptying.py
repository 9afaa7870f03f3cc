"""Empty the database after a test that committed: only the tables that hold rows; to truncate each costs far more."""

from functools import cache
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

# What a migration fills and no test changes.
KEPT = ("django_content_type", "django_migrations")


def delete_rows(style: Any, connection: BaseDatabaseWrapper, **how: Any) -> list[str]:
    """Return the statements of Django's own `sql_flush`; foreign keys are looked at when all of them are done."""
    with connection.cursor() as cursor:
        cursor.execute(filled_tables(connection))
        filled = [table for (table,) in cursor.fetchall()]
    return [f"DELETE FROM {connection.ops.quote_name(table)};" for table in filled]


@cache
def filled_tables(connection: BaseDatabaseWrapper) -> str:
    """Return the query for the names of all tables that hold rows."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {connection.ops.quote_name(table)})"
        for table in tables
        if table not in KEPT
    )
