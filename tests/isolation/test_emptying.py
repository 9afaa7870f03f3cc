"""What a test committed is gone for the next one."""

import pytest
from django.core.management import call_command
from django.db import connection

from accounts.models import Tier
from tests.emptying import KEPT
from tests.isolation.conftest import World


@pytest.mark.django_db(transaction=True)
def test_no_table_holds_a_row_but_the_first_tiers(world: World) -> None:
    tables = set(connection.introspection.table_names()) - {*KEPT, Tier._meta.db_table}
    assert filled(tables) >= {row._meta.db_table for row in world.ours.rows.values()}
    call_command("flush", verbosity=0, interactive=False)
    assert filled(tables) == set()


def filled(tables: set[str]) -> set[str]:
    with connection.cursor() as cursor:
        return {table for table in tables if cursor.execute(f'SELECT 1 FROM "{table}" LIMIT 1').fetchone()}
