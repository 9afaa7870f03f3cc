"""The doorkeeper of a process: has its runs wait for their turn and tells them their place in the line."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.conf import settings

from agents.exceptions import NotAdmitted
from agents.relay.line import Found, look
from agents.relay.transcript import Transcript
from tenants.database import in_database

logger = logging.getLogger(__name__)
LOOK_SECONDS: Final = 1.0


@dataclass(slots=True)
class Waiting:
    """A run of this process that waits for its turn."""

    run_id: UUID
    team_id: UUID
    transcript: Transcript
    is_trial: bool
    until: float
    turn: asyncio.Future[None]


class Doorkeeper:
    """Keeps the runs of this process that wait, and looks into the books only as long as there are any."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, Waiting] = {}
        self._look_now = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look at once, since a run ended or one more waits."""
        self._look_now.set()

    async def wait(self, run_id: UUID, team_id: UUID, transcript: Transcript, *, is_trial: bool) -> None:
        """Wait until a run may call its agent; its readers see its place. Raises `NotAdmitted`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + settings.AGENT_QUEUE_SECONDS
        waiting = Waiting(run_id, team_id, transcript, is_trial, until, loop.create_future())
        self._waiting[run_id] = waiting
        if self._task is None or self._task.done():
            self._task = loop.create_task(self._keep(), context=Context())
        self.wake()
        try:
            await waiting.turn
        finally:
            del self._waiting[run_id]
        transcript.stand(0)

    async def _keep(self) -> None:
        while self._waiting:
            self._look_now.clear()
            teams: dict[UUID, list[Waiting]] = defaultdict(list)
            for waiting in self._waiting.values():
                teams[waiting.team_id].append(waiting)
            # Side by side: a team whose rows somebody holds keeps no other team waiting.
            await asyncio.gather(*(self._look(team_id, waiting_here) for team_id, waiting_here in teams.items()))
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()

    async def _look(self, team_id: UUID, waiting_here: Sequence[Waiting]) -> None:
        trials = {waiting.run_id for waiting in waiting_here if waiting.is_trial}
        try:
            found = await in_database(look, team_id, trials)
        except Exception:
            logger.exception("The line of team %s could not be read; trying again.", team_id)
            found = Found(set(), set(), {waiting.run_id: waiting.transcript.place for waiting in waiting_here}, {})
        now = asyncio.get_running_loop().time()
        for waiting in waiting_here:
            if waiting.turn.done():
                continue
            if refusal := found.refused.get(waiting.run_id):
                waiting.turn.set_exception(refusal)
            elif waiting.run_id in found.inside:
                waiting.turn.set_result(None)
            elif waiting.run_id not in found.places:  # others took it for dead
                waiting.turn.cancel()
            elif now >= waiting.until:
                waited = f"It waited in line for {settings.AGENT_QUEUE_SECONDS} s."
                waiting.turn.set_exception(NotAdmitted("agent_busy", waited))
            else:
                waiting.transcript.stand(found.places[waiting.run_id])
