"""Database work of a run that is not given up lightly."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, ParamSpec, TypeVar

from django.db import DatabaseError

from benchsessions.running.books import Owned
from tenants.database import in_team

P = ParamSpec("P")
R = TypeVar("R")
logger = logging.getLogger(__name__)
BOOKING_TRIES: Final = 12


async def in_books(owned: Owned, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do database work of a run; a database that is away for a while, or busy, is waited for."""
    for attempt in range(BOOKING_TRIES):
        try:
            return await in_team(owned.team_id, work, *args, **kwargs)
        except DatabaseError:
            if attempt == BOOKING_TRIES - 1:
                raise
            logger.exception("The books of bench run %s are away (try %d).", owned.run_id, attempt + 1)
            await asyncio.sleep(min(8, 0.25 * 2**attempt))
    raise AssertionError


async def whole(work: Coroutine[Any, Any, R]) -> R:
    """Let database work come to its end also when whoever waits is cut meanwhile: it cannot be taken back."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait({task})
        raise
