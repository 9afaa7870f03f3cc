"""Database work of long-lived code: never on the event loop, never with a connection held in between."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar
from uuid import UUID

from asgiref.sync import SyncToAsync
from django.db import connections

from tenants.scope import tenant_scope

P = ParamSpec("P")
R = TypeVar("R")

# A few threads of our own: detached runs and sockets must not queue behind each other on Django's one shared thread.
_executor = ThreadPoolExecutor(max_workers=8, thread_name_prefix="parley-db")


def give_back_connections() -> None:
    """Close this thread's idle connections (a pool takes them back); one inside a transaction stays."""
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


def let_go_of_request_thread() -> None:
    """End the thread that ran the request's view; call it where a streamed answer begins, on the event loop.

    Under ASGI every request has a thread of its own until its response has ended. A stream needs none, and a
    thousand idle ones cost memory; Django gets a new one for closing the response.
    """
    context = SyncToAsync.thread_sensitive_context.get(None)
    executor = SyncToAsync.context_to_thread_executor.pop(context, None) if context is not None else None
    if executor is not None:
        executor.shutdown(wait=False)


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
