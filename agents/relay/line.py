"""The line before an agent: who of those waiting is called next, and how far back everybody stands.

An agent may take only so many calls at once, a team may have only so many. A run beyond that waits without calling
anybody. Who holds the fewest calls comes next, then who came first: ten chats of one person hold up nobody else. An
agent that is full holds up only those who wait for it. A test waits for nobody, so that a full agent can be tested,
but takes its place among the calls.
"""

import asyncio
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from agents import breaker
from agents.exceptions import NotAdmitted
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.relay.transcript import Transcript
from tenants.database import in_database
from tenants.models import Team
from tenants.scope import tenant_scope

logger = logging.getLogger(__name__)
LOOK_SECONDS: Final = 1.0
NO_LIMIT: Final = 10**9


def must_line_up(agent: Agent, user: User | None, purpose: RunPurpose) -> bool:
    """Tell whether a call has to ask for a place: nobody else costs a query."""
    if purpose == RunPurpose.TEST:
        return False
    team = agent.team if user is None else user.team
    return bool(agent.max_concurrent or team.max_concurrent_runs)


@dataclass(frozen=True, slots=True)
class Live:
    """A run of the team that has not ended, as the line sees it."""

    id: UUID
    agent_id: UUID | None
    user_id: UUID | None
    started_at: datetime
    admitted_at: datetime | None
    room: int | None
    is_active: bool | None
    paused_until: datetime | None


@dataclass(slots=True)
class Found:
    """What a look at a team's line found: whom it let in, all who now are, who stands where and who waits in vain."""

    admitted: set[UUID]
    inside: set[UUID]
    places: dict[UUID, int]
    refused: dict[UUID, NotAdmitted]


@dataclass(slots=True)
class Waiting:
    """A run of this process that waits for its turn."""

    run_id: UUID
    team_id: UUID
    transcript: Transcript
    is_trial: bool
    until: float
    turn: asyncio.Future[None]


class Line:
    """The runs of this process that wait. Its keeper looks into the books only as long as there are any."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, Waiting] = {}
        self._look_now = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look at once, since a run ended or one more waits."""
        self._look_now.set()

    async def wait(self, run_id: UUID, team_id: UUID, transcript: Transcript, *, is_trial: bool) -> None:
        """Wait until a run may call its agent; its readers see its place. Raises `NotAdmitted`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + settings.AGENT_QUEUE_SECONDS
        waiting = Waiting(run_id, team_id, transcript, is_trial, until, loop.create_future())
        self._waiting[run_id] = waiting
        if self._keeper is None or self._keeper.done():
            self._keeper = loop.create_task(self._keep(), context=Context())
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
            for team_id, waiting_here in teams.items():
                await self._look(team_id, waiting_here)
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()

    async def _look(self, team_id: UUID, waiting_here: Sequence[Waiting]) -> None:
        trials = {waiting.run_id for waiting in waiting_here if waiting.is_trial}
        try:
            found = await in_database(look, team_id, trials)
        except Exception:
            logger.exception("The line of team %s could not be read; trying again.", team_id)
            return
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


def look(team_id: UUID, trials: Collection[UUID]) -> Found:
    """Let in whoever there is room for, of any process, and tell the others' places.

    `trials` are runs that may call an agent that is left alone. The team's row is held, so that no two processes give
    the same place away.
    """
    with tenant_scope(team_id), transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(id=team_id)
        found = decide(_live(), team.max_concurrent_runs, trials)
        if found.admitted:
            # Held in the order in which the relay holds them to save their progress.
            let_in = Run.objects.filter(id__in=found.admitted, status=RunStatus.RUNNING, admitted_at=None)
            list(let_in.select_for_update().values_list("id"))
            let_in.update(admitted_at=timezone.now())
    return found


def _live() -> list[Live]:
    running = Run.objects.filter(status=RunStatus.RUNNING).order_by("started_at", "id")
    of_run = ("id", "agent_id", "user_id", "started_at", "admitted_at")
    rows = running.values_list(*of_run, "agent__max_concurrent", "agent__is_active", "agent__paused_until")
    return [Live(*row) for row in rows]


def decide(live: Sequence[Live], team_room: int | None, trials: Collection[UUID]) -> Found:
    """Decide about runs given in the order they came."""
    found = Found(set(), set(), {}, {})
    waiting = [run for run in live if run.admitted_at is None]
    for run in waiting:
        if refusal := _refusal(run, trials):
            found.refused[run.id] = refusal
    waiting = [run for run in waiting if run.id not in found.refused]
    inside = [run for run in live if run.admitted_at is not None]
    if team_room is not None:
        _serve(waiting, inside, team_room, found)
    else:
        for agent_id in {run.agent_id for run in waiting}:
            _serve(_at(agent_id, waiting), _at(agent_id, inside), NO_LIMIT, found)
    found.inside = found.admitted | {run.id for run in inside}
    return found


def _refusal(run: Live, trials: Collection[UUID]) -> NotAdmitted | None:
    if not run.is_active:
        return NotAdmitted("agent_not_found", "It was switched off or deleted while the call waited in line.")
    if breaker.paused_at(run.paused_until, timezone.now()) and run.id not in trials:
        return NotAdmitted("agent_paused", "It failed too often while the call waited in line.")
    return None


def _serve(waiting: Iterable[Live], inside: Sequence[Live], room: int, found: Found) -> None:
    """Let in from one line, where `room` calls may go on at once, and tell the places of the rest."""
    busy = Counter(run.agent_id for run in inside)
    held = Counter(run.user_id for run in inside)
    full: dict[UUID | None, list[Live]] = defaultdict(list)
    rest: list[Live] = []
    room -= len(inside)
    for run in waiting:
        (full[run.agent_id] if _is_full(run, busy) else rest).append(run)
    for run in _ranked(rest, held):
        if _is_full(run, busy):
            full[run.agent_id].append(run)
        elif room > 0:
            room -= 1
            busy[run.agent_id] += 1
            found.admitted.add(run.id)
    held.update(run.user_id for run in rest if run.id in found.admitted)
    of_team = [run for run in rest if run.id not in found.admitted and not _is_full(run, busy)]
    for line in (of_team, *full.values()):
        found.places |= {run.id: place for place, run in enumerate(_ranked(line, held), start=1)}


def _ranked(line: Iterable[Live], held: Counter[UUID | None]) -> list[Live]:
    """Return a line in the order of service: by how many calls the person then has, then by who came first."""
    having, ranks = Counter(held), {}
    for run in sorted(line, key=_came):
        ranks[run.id] = having[run.user_id]
        having[run.user_id] += 1
    return sorted(line, key=lambda run: (ranks[run.id], *_came(run)))


def _came(run: Live) -> tuple[datetime, UUID]:
    return run.started_at, run.id


def _is_full(run: Live, busy: Counter[UUID | None]) -> bool:
    return busy[run.agent_id] >= (run.room or NO_LIMIT)


def _at(agent_id: UUID | None, runs: Iterable[Live]) -> list[Live]:
    return [run for run in runs if run.agent_id == agent_id]
