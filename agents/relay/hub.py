"""The relay of this process: the runs it owns, the mirrors it follows, and the clockwork around them."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings

from agents import outbound
from agents.relay import ledger
from agents.relay.doorkeeper import Doorkeeper
from agents.relay.driving import STOPPED, LiveRun, drive
from agents.relay.ledger import Progress
from agents.relay.peers import Feed, Mirror
from agents.relay.transcript import Transcript
from tenants.database import in_database

logger = logging.getLogger(__name__)
SWEEP_SECONDS = 2.0
REJOIN_SECONDS = 1.0
KEEP_ENDED_SECONDS = 10.0


def process_group(process: str) -> str:
    """Name the group that one process listens to."""
    return f"relay.{process}"


class Relay:
    """All of this lives on one event loop; other threads reach it through `agents.relay`."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.runs: dict[UUID, LiveRun] = {}
        self.mirrors: dict[UUID, Mirror] = {}
        self.feeds: dict[tuple[UUID, str], Feed] = {}
        self._doorkeeper = Doorkeeper()
        self._layer = get_channel_layer()
        self._ending: asyncio.Task[None] | None = None
        self._errands: set[asyncio.Task[Any]] = set()
        self._clockwork = [
            self.spawn(self._listen()),
            self.spawn(self._every(settings.RUN_SNAPSHOT_SECONDS, self.renew)),
            self.spawn(self._every(settings.RUN_SNAPSHOT_SECONDS, self.save)),
            self.spawn(self._every(SWEEP_SECONDS, self.sweep)),
        ]

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """Start a task that inherits nothing of whoever happens to ask for it."""
        return self.loop.create_task(work, context=Context())

    # Runs of this process

    def begin(self, run: LiveRun) -> None:
        """Start a run; from here on nobody needs to stay for it to finish. One that comes too late ends at once."""
        if self._ending is not None:
            run.cut = ledger.INTERRUPTED
        self.runs[run.run_id] = run
        run.task = self.spawn(self._drive(run))

    async def _drive(self, run: LiveRun) -> None:
        await drive(run, self._doorkeeper)
        self._doorkeeper.wake()
        self.loop.call_later(KEEP_ENDED_SECONDS, self.runs.pop, run.run_id, None)

    def live(self) -> list[LiveRun]:
        """Return the runs that have not ended; other threads ask too, hence the copy."""
        return [run for run in list(self.runs.values()) if run.transcript.ending is None]

    async def renew(self) -> None:
        """Renew the leases of all runs at once, so that no team waits for another; hear who asked to stop."""
        if runs := self.live():
            stops = await in_database(ledger.renew_leases, [run.run_id for run in runs])
            for run in runs:
                if run.run_id in stops:
                    run.cancel(STOPPED)

    async def save(self) -> None:
        """Save what has grown, one transaction a team."""
        teams: dict[UUID, list[tuple[LiveRun, Progress]]] = defaultdict(list)
        for run in self.live():
            if not (progress := run.unsaved()).is_empty:
                teams[run.team_id].append((run, progress))
        for team_id, grown in teams.items():
            saved: set[UUID] = set()
            try:
                saved = await in_database(ledger.save_progress, team_id, [progress for _, progress in grown])
            except Exception:
                logger.exception("The progress of %d runs could not be saved.", len(grown))
            for run, progress in grown:
                if run.run_id not in saved:
                    run.saved = (-1, -1, -1)
                elif progress.first_text_at is not None:
                    run.is_trial = False  # it has shown what it was to show

    async def sweep(self) -> None:
        """Mark the runs of dead processes; those that live here are none, however old their lease."""
        await in_database(ledger.sweep_expired, [run.run_id for run in self.live()])

    # Errands

    def begin_errand(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start something that is cut short, and then waited for, when the server ends."""
        errand = self.spawn(work)
        self._errands.add(errand)
        errand.add_done_callback(self._errands.discard)
        if self._ending is not None:
            self.loop.call_soon(errand.cancel)  # after its first step, so that it hears of it
        return errand

    # Readers

    @asynccontextmanager
    async def reading(self, run_id: UUID, team_id: UUID, owner: str) -> AsyncIterator[Transcript]:
        """Give the transcript of a run to one reader, from this process or mirrored from its owner's."""
        if run := self.runs.get(run_id):
            yield run.transcript
        else:
            mirror = self._mirror(run_id, team_id, owner)
            mirror.readers += 1
            try:
                yield mirror.transcript
            finally:
                mirror.readers -= 1
                if mirror.readers == 0:
                    self._drop(mirror)

    def _mirror(self, run_id: UUID, team_id: UUID, owner: str) -> Mirror:
        if run_id not in self.mirrors:
            mirror = self.mirrors[run_id] = Mirror(run_id, team_id, owner, self._send)
            mirror.task = self.spawn(mirror.follow())
        return self.mirrors[run_id]

    def _drop(self, mirror: Mirror) -> None:
        self.mirrors.pop(mirror.run_id, None)
        if mirror.task is not None:
            mirror.task.cancel()

    # Other processes

    async def stop(self, run_id: UUID, owner: str) -> None:
        """Stop a run by a person's wish, whoever owns it; the owner also finds the wish in the books."""
        if run := self.runs.get(run_id):
            run.cancel(STOPPED)
        else:
            try:
                await self._send(owner, {"type": "relay.stop", "run": run_id.hex})
            except Exception:
                logger.exception("The owner of run %s could not be told to stop.", run_id)

    async def _send(self, process: str, message: dict[str, Any]) -> None:
        await self._layer.group_send(process_group(process), message)

    async def _listen(self) -> None:
        """Hear what other processes say to this one, also again after the channel layer was away."""
        channel = ""
        while True:
            try:
                channel = channel or await self._layer.new_channel()  # always the same: those left behind would fill up
                await self._layer.group_add(process_group(ledger.PROCESS), channel)
                while True:
                    await self._hear(await self._layer.receive(channel))
            except Exception:
                logger.exception("The channel layer failed; trying again.")
                await asyncio.sleep(REJOIN_SECONDS)

    async def _hear(self, message: dict[str, Any]) -> None:
        try:
            await self._receive(message)
        except Exception:
            logger.exception("What another process said could not be read.")

    async def _receive(self, message: dict[str, Any]) -> None:
        run_id = UUID(message["run"])
        match message["type"]:
            case "relay.text":
                if mirror := self.mirrors.get(run_id):
                    mirror.receive(message)
            case "relay.stop":
                if run := self.runs.get(run_id):
                    run.cancel(STOPPED)
            case "relay.follow":
                if run := self.runs.get(run_id):
                    await self._feed(run, message["reply"]).asked(message)

    def _feed(self, run: LiveRun, reply: str) -> Feed:
        key = (run.run_id, reply)
        feed = self.feeds.get(key)
        if feed is None or (feed.task is not None and feed.task.done()):
            feed = self.feeds[key] = Feed(run.transcript, reply, self._send)
            self.loop.call_later(KEEP_ENDED_SECONDS, self._forget_feed, key)
        return feed

    def _forget_feed(self, key: tuple[UUID, str]) -> None:
        feed = self.feeds.get(key)
        if feed is None or feed.task is None or feed.task.done():
            self.feeds.pop(key, None)
        else:
            self.loop.call_later(KEEP_ENDED_SECONDS, self._forget_feed, key)

    # Life

    async def _every(self, seconds: float, work: Callable[[], Awaitable[Any]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                logger.exception("The relay's clockwork stumbled; going on.")
            await asyncio.sleep(seconds)

    @property
    def is_ending(self) -> bool:
        return self._ending is not None

    def begin_to_shut_down(self) -> asyncio.Task[None]:
        """End what runs here, once; return the task that does it."""
        if self._ending is None:
            self._ending = self.spawn(self._end())
        return self._ending

    async def shut_down(self) -> None:
        """End what runs here and wait until it has ended."""
        await self.begin_to_shut_down()

    async def _end(self) -> None:
        """Let live answers and errands finish for a moment, then cut the rest short: booked, with all their text."""
        for run in self.live():
            if run.is_waiting:
                run.cancel(ledger.INTERRUPTED)
        if tasks := self._unfinished():
            await asyncio.wait(tasks, timeout=settings.SHUTDOWN_GRACE_SECONDS)
        for run in self.live():
            run.cancel(ledger.INTERRUPTED)
        for errand in self._errands:
            errand.cancel()
        if tasks := self._unfinished():
            await asyncio.wait(tasks)
        for task in self._clockwork:
            task.cancel()
        await outbound.close()

    def _unfinished(self) -> list[asyncio.Task[Any]]:
        return [*self._errands, *(run.task for run in self.live() if run.task is not None)]
