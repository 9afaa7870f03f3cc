"""The line before an agent: who of those waiting is called next, and how far back everybody stands.

An agent may take only so many calls at once, a team may have only so many. A run beyond that waits without calling
anybody. Next comes whose calls were let in least often since the line began, then who came first: ten chats of one
person hold up nobody else. An agent that is full holds up only those who wait for it. A test waits for nobody, so that
a full agent can be tested, but takes its place among the calls.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Role, User
from agents import breaker
from agents.exceptions import NotAdmitted
from agents.limits import MOST_SECONDS
from agents.models import Agent, AgentMember, Audience, Run, RunPurpose, RunStatus
from tenants.database import impatient_transaction
from tenants.models import Team
from tenants.scope import tenant_scope

NO_LIMIT: Final = 10**9


def must_line_up(agent: Agent, user: User | None, purpose: RunPurpose) -> bool:
    """Tell whether a call has to ask for a place: nobody else costs a query."""
    if purpose == RunPurpose.TEST:
        return False
    team = agent.team if user is None else user.team
    return bool(agent.max_concurrent or team.max_concurrent_runs)


@dataclass(frozen=True, slots=True)
class Live:
    """A run of the team as the line sees it: it waits, goes on, or was let in lately and has ended."""

    id: UUID
    agent_id: UUID | None
    user_id: UUID | None
    started_at: datetime
    admitted_at: datetime | None
    status: str
    room: int | None
    may_call: bool | None
    paused_until: datetime | None


@dataclass(slots=True)
class Found:
    """What a look at a team's line found: whom it let in, all who now are, who stands where and who waits in vain."""

    admitted: set[UUID]
    inside: set[UUID]
    places: dict[UUID, int]
    refused: dict[UUID, NotAdmitted]


def look(team_id: UUID, trials: Collection[UUID]) -> Found:
    """Let in whoever there is room for, of any process, and tell the others' places.

    `trials` are runs that may call an agent that is left alone. The team's row is held, so that no two processes give
    the same place away.
    """
    with tenant_scope(team_id), impatient_transaction():
        team = Team.objects.select_for_update(no_key=True).get(id=team_id)
        found = decide(_runs(), team.max_concurrent_runs, trials)
        if found.admitted:
            # Held in the order in which whoever deletes their person holds them.
            let_in = Run.objects.filter(id__in=found.admitted, status=RunStatus.RUNNING, admitted_at=None)
            list(let_in.select_for_update(no_key=True).values_list("id"))
            let_in.update(admitted_at=timezone.now())
    return found


def _runs() -> list[Live]:
    """Return what goes on or waits in the team in scope, and what ended since the line began.

    What ends counts on, so that a place told while it went on is still the right one.
    """
    running = _seen(Run.objects.filter(status=RunStatus.RUNNING))
    begun = min((run.started_at for run in running if run.admitted_at is None), default=None)
    if begun is None:
        return running
    # Nobody waits and is listened to for longer, so that earlier ones need not be looked for.
    earliest = begun - timedelta(seconds=settings.AGENT_QUEUE_SECONDS + MOST_SECONDS)
    ended = Run.objects.exclude(status=RunStatus.RUNNING).filter(
        ended_at__gte=begun, admitted_at__isnull=False, started_at__gte=earliest
    )
    return running + _seen(ended)


def _seen(runs: QuerySet[Run]) -> list[Live]:
    of_run = ("id", "agent_id", "user_id", "started_at", "admitted_at", "status")
    of_agent = ("agent__max_concurrent", "may_call", "agent__paused_until")
    chosen = AgentMember.objects.filter(agent=OuterRef("agent_id"), user=OuterRef("user_id"))
    given = Q(agent__audience=Audience.ALL) | Q(user__role=Role.ADMIN) | Q(Exists(chosen))
    may_call = ExpressionWrapper(Q(agent__is_active=True) & given, BooleanField())
    rows = runs.order_by().annotate(may_call=may_call).values_list(*of_run, *of_agent)
    return [Live(*row) for row in rows]


def decide(runs: Sequence[Live], team_room: int | None, trials: Collection[UUID]) -> Found:
    """Decide who of those waiting comes in."""
    found = Found(set(), set(), {}, {})
    served = [run for run in runs if run.admitted_at is not None]
    waiting = []
    for run in runs:
        if run.admitted_at is None:
            if refusal := _refusal(run, trials):
                found.refused[run.id] = refusal
            else:
                waiting.append(run)
    if team_room is not None:
        _serve(waiting, served, team_room, found)
    else:
        for agent_id in {run.agent_id for run in waiting}:
            _serve(_at(agent_id, waiting), _at(agent_id, served), NO_LIMIT, found)
    found.inside = found.admitted | {run.id for run in served}
    return found


def _refusal(run: Live, trials: Collection[UUID]) -> NotAdmitted | None:
    if not run.may_call:
        seen = "It was switched off, deleted or taken away from the person while the call waited in line."
        return NotAdmitted("agent_not_found", seen)
    if breaker.paused_at(run.paused_until, timezone.now()) and run.id not in trials:
        return NotAdmitted("agent_paused", "It failed too often while the call waited in line.")
    return None


def _serve(waiting: Iterable[Live], served: Iterable[Live], room: int, found: Found) -> None:
    """Let in from one line, where `room` calls may go on at once, and tell the places of the rest."""
    inside = [run for run in served if run.status == RunStatus.RUNNING]
    busy = Counter(run.agent_id for run in inside)
    had = Counter(run.user_id for run in served)
    full: dict[UUID | None, list[Live]] = defaultdict(list)
    rest: list[Live] = []
    room -= len(inside)
    for run in waiting:
        (full[run.agent_id] if _is_full(run, busy) else rest).append(run)
    for run in _ranked(rest, had):
        if _is_full(run, busy):
            full[run.agent_id].append(run)
        elif room > 0:
            room -= 1
            busy[run.agent_id] += 1
            found.admitted.add(run.id)
    had.update(run.user_id for run in rest if run.id in found.admitted)
    of_team = [run for run in rest if run.id not in found.admitted and not _is_full(run, busy)]
    for line in (of_team, *full.values()):
        found.places |= {run.id: place for place, run in enumerate(_ranked(line, had), start=1)}


def _ranked(line: Iterable[Live], had: Counter[UUID | None]) -> list[Live]:
    """Return a line in the order of service: by how many calls the person has had by then, then by who came first."""
    having, ranks = Counter(had), {}
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
