"""Database work of long-lived code: never on the event loop, never with a connection held in between."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar
from uuid import UUID

from django.db import connections, transaction

from tenants.scope import tenant_scope

P = ParamSpec("P")
R = TypeVar("R")
LONGEST_LOCK_WAIT: Final = "2s"

# A few threads of our own: detached runs and sockets must not queue behind each other on Django's one shared thread.
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="parley-db")


def give_back_connections(*, lasting: bool = False) -> None:
    """Close this thread's idle connections (a pool takes them back); one inside a transaction stays.

    Those meant to last, to SQLite, are closed only where the thread is to wait for long: to open one costs more than
    most queries, to keep one two open files.
    """
    for connection in connections.all(initialized_only=True):
        is_lasting = connection.settings_dict["CONN_MAX_AGE"] is None
        if (lasting or not is_lasting) and not connection.in_atomic_block:
            connection.close()


@contextmanager
def impatient_transaction() -> Iterator[None]:
    """Open a transaction that fails where others hold a row for long, so that its thread is free for other teams.

    SQLite has one writer and its own limit.
    """
    with transaction.atomic():
        here = transaction.get_connection()
        if here.vendor == "postgresql":
            with here.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = '{LONGEST_LOCK_WAIT}'")
        yield


async def in_database(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run database work in a thread, outside of any scope; its connection is given back at the end."""

    def call() -> R:
        try:
            return work(*args, **kwargs)
        finally:
            give_back_connections()

    return await asyncio.get_running_loop().run_in_executor(_executor, call)


async def in_team(team_id: UUID, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run database work in a thread, in the scope of one team."""

    def call() -> R:
        with tenant_scope(team_id):
            return work(*args, **kwargs)

    return await in_database(call)
