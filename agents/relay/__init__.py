"""The relay: an agent is called by a detached run, its text grows, whoever wants reads along.

This is the door for everybody else. The relay lives on the server's event loop; the functions here may be called
from any thread, those that wait from any thread but that loop's.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import FrameType
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.conf import settings

from agents import outbound
from agents.kinds import Call
from agents.models import Run
from agents.relay import ledger
from agents.relay.driving import STOPPED, LiveRun, drive
from agents.relay.hub import Relay
from agents.relay.transcript import Transcript
from tenants.exceptions import ParleyError

T = TypeVar("T")
logger = logging.getLogger(__name__)
STOP_WAIT_SECONDS = 5.0
_relay: Relay | None = None


class AgentsBusyError(ParleyError):
    status = 503
    code = "AGENT_BUSY"
    sentence = "Too many answers are being written right now. Try again in a moment."


class WithRelay:
    """Wrap the ASGI application: the relay starts with the server, or with the first request, and ends with it."""

    def __init__(self, inner: Callable[..., Awaitable[None]]) -> None:
        self.inner = inner

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            relay()
            await self.inner(scope, receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        running = relay()
        at_sigterm(running.begin_to_shut_down)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await running.shut_down()
        await send({"type": "lifespan.shutdown.complete"})


def at_sigterm(begin_to_end: Callable[[], object]) -> None:
    """Begin to end what lives on the running loop with the signal itself.

    The server first waits for open connections and only then ends the application; streams of live answers would
    be waited for in vain, and cut without a last event.
    """
    loop, earlier = asyncio.get_running_loop(), signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(earlier):
        return

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(begin_to_end)
        earlier(number, frame)

    signal.signal(signal.SIGTERM, end)


def relay() -> Relay:
    """Return the relay of the running event loop, starting it at first."""
    global _relay  # noqa: PLW0603 - one a process, bound to the server's loop
    if _relay is None or _relay.loop is not asyncio.get_running_loop():
        _relay = Relay()
    return _relay


def is_ending() -> bool:
    """Tell whether the server is about to end: what would never finish by itself is to be let go of."""
    return _relay is not None and _relay.is_ending


def check_room() -> None:
    """Raise `AgentsBusyError` when this process carries as many runs as it may."""
    if _relay is not None and len(_relay.live()) >= settings.MAX_RUNS_PER_PROCESS:
        raise AgentsBusyError(headers={"Retry-After": "5"})


def launch(run: Run, call: Call) -> None:
    """Start a booked run. Without a server (a command, a test) it is driven to its end before this returns."""
    live = _live(run, call)
    if _serving():
        assert _relay is not None
        _relay.loop.call_soon_threadsafe(_relay.begin, live)
    else:
        run_to_end(drive(live))


async def carry_out(booking: Coroutine[Any, Any, tuple[Run, Call]]) -> LiveRun:
    """Book a run and drive it from the loop of whoever asks, and return it ended; raise what the booking does.

    If they are cut, it is stopped; interrupted where the server ends or the agent was not called yet.
    """
    booked, live = asyncio.ensure_future(booking), None
    try:
        live = _begun(*await asyncio.shield(booked))
        await live.transcript.ended()
    except asyncio.CancelledError:
        await asyncio.wait({booked})  # it cannot be taken back: what was booked has to end
        if booked.exception() is None:
            ending = ledger.INTERRUPTED if live is None or is_ending() else STOPPED
            live = live or _begun(*booked.result())
            live.cancel(ending)
            await live.transcript.ended()
        raise
    return live


def stop(run: Run) -> None:
    """Stop a run of the team in scope and wait for its end, a few seconds at most."""
    owner = ledger.request_stop(run.id)
    if not owner or not _serving():
        return
    assert _relay is not None
    stopping = asyncio.run_coroutine_threadsafe(_stop(_relay, run, owner), _relay.loop)
    try:
        stopping.result(STOP_WAIT_SECONDS + 1)
    except TimeoutError:
        logger.warning("Run %s was told to stop but has not ended yet.", run.id)


def wait(run: Run) -> None:
    """Wait until a run has ended."""
    if _serving():
        assert _relay is not None
        asyncio.run_coroutine_threadsafe(_ended(_relay, run), _relay.loop).result()


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run something on the server's loop and wait for what it gives; without a server, on a loop of its own."""
    if _serving():
        assert _relay is not None
        return asyncio.run_coroutine_threadsafe(_errand(_relay, work), _relay.loop).result()

    async def alone() -> T:
        try:
            return await work
        finally:
            await outbound.close()

    return async_to_sync(alone)()


def start(work: Coroutine[Any, Any, object]) -> None:
    """Let something run on the server's loop, whoever asked may leave; without a server, run it to its end."""
    if _serving():
        assert _relay is not None
        _relay.loop.call_soon_threadsafe(_relay.begin_errand, work)
    else:
        run_to_end(work)


def _live(run: Run, call: Call) -> LiveRun:
    return LiveRun(
        run_id=run.id,
        team_id=run.team_id,
        call=call,
        transcript=Transcript(run.id),
        is_waiting=run.admitted_at is None,
        is_trial=run.is_trial,
    )


def _begun(run: Run, call: Call) -> LiveRun:
    """Start a booked run on the loop of whoever asks."""
    live = _live(run, call)
    if _relay is not None and _relay.loop is asyncio.get_running_loop():
        _relay.begin(live)
    else:
        live.task = asyncio.create_task(drive(live))
    return live


def _serving() -> bool:
    return _relay is not None and _relay.loop.is_running()


async def _errand(here: Relay, work: Coroutine[Any, Any, T]) -> T:
    done: T = await here.begin_errand(work)
    return done


async def _stop(here: Relay, run: Run, owner: str) -> None:
    await here.stop(run.id, owner)
    async with asyncio.timeout(STOP_WAIT_SECONDS):
        await _ended(here, run)


async def _ended(here: Relay, run: Run) -> None:
    async with here.reading(run.id, run.team_id, run.owner) as transcript:
        await transcript.ended()
