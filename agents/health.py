"""How agents do: calls, errors and the wait for the first text of the last 24 hours, and who is paused.

Read in the caller's scope: one team, or all of them for an operator. The database counts, in three queries however
many agents and runs there are; the waits are those of the latest calls. Tests by the owner are left out.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from agents import breaker
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.usage.waits import NO_WAIT, Wait, waits_of

HOURS: Final = 24
SAMPLE: Final = 20_000  # sorting the waits of a whole day of a large house takes seconds
NOT_ADMITTED: Final = ("AGENT_PAUSED", "AGENT_BUSY")  # how a call ends that waited and never reached its agent


@dataclass(frozen=True, slots=True)
class Health:
    """How one agent does; the rate is None without a call that has ended, the waits (seconds) without any text.

    `failures_in_row` and `paused_until` are those of the circuit breaker, which forgets them when the agent changes:
    `well_since_change` says that a call begun after that went well.
    """

    agent_id: UUID
    agent: str
    team: str
    calls: int
    failures: int
    wait: Wait
    failures_in_row: int
    paused_until: datetime | None
    well_since_change: bool

    @property
    def error_rate(self) -> float | None:
        return self.failures / self.calls if self.calls else None

    @property
    def error_percent(self) -> float | None:
        return None if self.error_rate is None else 100 * self.error_rate

    @property
    def is_paused(self) -> bool:
        return breaker.paused_at(self.paused_until, timezone.now())


ORDERS: Final[Mapping[str, Callable[[Health], tuple[Any, ...]]]] = {
    "errors": lambda one: (-(one.error_rate or 0), -one.calls, one.agent),
    "calls": lambda one: (-one.calls, one.agent),
    "wait": lambda one: (-(one.wait.p95 or 0), one.agent),
    "agent": lambda one: (one.agent, one.team),
}


def of_agent(agent: Agent) -> Health:
    """Return how one agent does."""
    return _healths([agent], Run.objects.filter(agent=agent))[0]


def of_agents(agents: Collection[Agent]) -> dict[UUID, Health]:
    """Return how these agents do, by their ids."""
    found = _healths(agents, Run.objects.filter(agent__in=[agent.pk for agent in agents]))
    return {health.agent_id: health for health in found}


def of_all(order: str = "errors") -> Sequence[Health]:
    """Return how the agents do that were called in these hours or are failing, by one of `ORDERS`, the worst first."""
    called = _lately(Run.objects.all()).order_by().values("agent_id")
    agents = Agent.objects.filter(Q(pk__in=called) | Q(failures__gt=0)).select_related("team")
    slim = agents.only("name", "team__name", "failures", "paused_until", "updated_at")
    return sorted(_healths(slim, Run.objects.all()), key=ORDERS[order])


def _lately(runs: QuerySet[Run]) -> QuerySet[Run]:
    in_time = runs.filter(started_at__gte=timezone.now() - timedelta(hours=HOURS)).exclude(purpose=RunPurpose.TEST)
    return in_time.exclude(admitted_at=None, error_code__in=NOT_ADMITTED)


def _healths(agents: Iterable[Agent], runs: QuerySet[Run]) -> list[Health]:
    lately = _lately(runs).exclude(agent=None)
    ended: Any = lately.exclude(status=RunStatus.RUNNING).order_by().values("agent_id")
    failed = Count("pk", filter=Q(status=RunStatus.FAILED))
    well = Max("started_at", filter=Q(status=RunStatus.COMPLETE))
    counted = {row["agent_id"]: row for row in ended.annotate(calls=Count("pk"), failed=failed, well=well)}
    latest = lately.exclude(first_text_at=None).order_by("-started_at").values("pk")[:SAMPLE]
    waits = waits_of(Run.objects.filter(pk__in=latest), since=Coalesce("admitted_at", "started_at"), by="agent_id")
    nothing = {"calls": 0, "failed": 0, "well": None}
    return [
        Health(
            agent_id=agent.pk,
            agent=agent.name,
            team=agent.team.name,
            calls=counted.get(agent.pk, nothing)["calls"],
            failures=counted.get(agent.pk, nothing)["failed"],
            wait=waits.get(agent.pk, NO_WAIT),
            failures_in_row=agent.failures,
            paused_until=agent.paused_until,
            well_since_change=agent.updated_at < (counted.get(agent.pk, nothing)["well"] or agent.updated_at),
        )
        for agent in agents
    ]
