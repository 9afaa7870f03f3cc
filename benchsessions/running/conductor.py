"""The runs that this process drives, and the clockwork that takes over those of dead ones."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any, Final, NamedTuple
from uuid import UUID

from agents import relay
from benchsessions.running import books
from benchsessions.running.books import PURGED_AT_ONCE, Owned
from benchsessions.running.driving import drive
from tenants.database import in_database

logger = logging.getLogger(__name__)
ADOPT_SECONDS: Final = 2.0
PURGE_SECONDS: Final = 3600.0
_conductor: "Conductor | None" = None


class WithBenchRuns:
    """Wrap the ASGI application: runs are driven from the start of the server, or its first request, to its end."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        here = _here()
        if scope["type"] != "lifespan":
            await self.inner(scope, receive, send)
            return
        relay.at_sigterm(here.begin_to_shut_down)

        async def heard() -> Any:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                relay.relay().begin_to_shut_down()  # calls cut now were interrupted, nobody stopped them
                await here.begin_to_shut_down()
            return message

        await self.inner(scope, heard, send)


class Running(NamedTuple):
    """A run that is driven here; `hurried` has it look for a wish to stop at once."""

    owned: Owned
    task: asyncio.Task[None]
    hurried: asyncio.Event


class Conductor:
    """All of this lives on one event loop; other threads reach it through `launch` and `hurry`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._runs: dict[UUID, Running] = {}
        self._ending: asyncio.Task[None] | None = None
        self._clockwork = [
            self._spawn(self._every(ADOPT_SECONDS, self._adopt)),
            self._spawn(self._every(PURGE_SECONDS, self._purge)),
        ]

    def begin(self, owned: Owned) -> None:
        """Drive a run; one that comes too late is left to another process."""
        hurried = asyncio.Event()
        task = self._spawn(drive(owned, hurried))
        self._runs[owned.run_id] = Running(owned, task, hurried)
        task.add_done_callback(lambda _: self._forget(owned))
        if self._ending is not None:
            self.loop.call_soon(task.cancel)  # after its first step, so that it hears of it

    def hurry(self, session_id: UUID) -> None:
        """Have the run of a session look at once whether it shall stop, if it is driven here."""
        for running in self._runs.values():
            if running.owned.session_id == session_id:
                running.hurried.set()

    def begin_to_shut_down(self) -> asyncio.Task[None]:
        """Let go of all runs, once; return the task that does it."""
        if self._ending is None:
            self._ending = self._spawn(self._end())
        return self._ending

    async def _end(self) -> None:
        for clock in self._clockwork:
            clock.cancel()
        tasks = [running.task for running in self._runs.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _forget(self, owned: Owned) -> None:
        if (running := self._runs.get(owned.run_id)) and running.owned == owned:
            del self._runs[owned.run_id]

    def _spawn(self, work: Any) -> asyncio.Task[Any]:
        """Start a task that inherits nothing of whoever happens to ask for it."""
        return self.loop.create_task(work, context=Context())

    async def _adopt(self) -> None:
        for owned in await in_database(books.adopt, list(self._runs)):
            self.begin(owned)

    async def _purge(self) -> None:
        while await in_database(books.purge_deleted) == PURGED_AT_ONCE:
            pass

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                logger.exception("The clockwork of bench runs stumbled; going on.")
            await asyncio.sleep(seconds)


def launch(owned: Owned) -> None:
    """Drive a run that was booked. Without a server (a command, a test) it is driven to its end before this returns."""
    if _conductor is not None and _conductor.loop.is_running():
        _conductor.loop.call_soon_threadsafe(_conductor.begin, owned)
    else:
        relay.run_to_end(drive(owned))


def hurry(session_id: UUID) -> None:
    """Tell this process that the run of a session shall stop; another finds the wish in the books."""
    if _conductor is not None and _conductor.loop.is_running():
        _conductor.loop.call_soon_threadsafe(_conductor.hurry, session_id)


def _here() -> Conductor:
    """Return the conductor of the running event loop, starting it at first."""
    global _conductor  # noqa: PLW0603 - one a process, bound to the server's loop
    if _conductor is None or _conductor.loop is not asyncio.get_running_loop():
        _conductor = Conductor()
    return _conductor
