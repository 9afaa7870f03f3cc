"""A command that says in one sentence that it looks at an empty database."""

from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from tenants.models import Team

NO_TABLES: Final = "The database has no tables yet: run migrate, with the same DATA_DIR or DATABASE_URL as the server."


class TablesCommand(BaseCommand):
    """A command that works on tables."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except DatabaseError:
            if Team._meta.db_table in connection.introspection.table_names():
                raise
            raise CommandError(NO_TABLES) from None
