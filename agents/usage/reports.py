"""What was asked of agents, counted: all meters, drawings and exports of usage read the ledger through here.

Everything is counted for the scope that the caller is in: one team, or all of them for an operator. Days are UTC's.
Tests of agents are nobody's usage: they are left out everywhere.
The database counts, so memory and the number of queries are the same for ten runs and for a million.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from agents.models import Run, RunPurpose, RunStatus
from agents.queries import agents_of
from agents.quota import month_of
from agents.usage.moments import Day
from agents.usage.waits import NO_WAIT, Wait, waits_of

LONGEST_LIST: Final = 50


def usage() -> QuerySet[Run]:
    """Return the runs in scope that count as usage."""
    return Run.objects.exclude(purpose=RunPurpose.TEST)


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, both ends included."""

    first: date
    last: date

    @classmethod
    def latest(cls, days: int) -> "Period":
        """Return the days up to today, which is one of them."""
        today = timezone.now().astimezone(UTC).date()
        return cls(today - timedelta(days=days - 1), today)

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def runs(self) -> QuerySet[Run]:
        """Return the runs in scope that began on these days, but no tests."""
        begin, end = _midnight(self.first), _midnight(self.last + timedelta(days=1))
        return usage().filter(started_at__gte=begin, started_at__lt=end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a number of runs come to: how they ended, and their sizes as far as they are known."""

    complete: int = 0
    stopped: int = 0
    running: int = 0
    interrupted: int = 0
    failed: int = 0
    characters_in: int = 0
    characters_out: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    @property
    def runs(self) -> int:
        return self.complete + self.stopped + self.running + self.interrupted + self.failed

    @property
    def troubled(self) -> int:
        return self.interrupted + self.failed

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(**{name: value + getattr(other, name) for name, value in asdict(self).items()})


# The sizes among the fields of `Sums`, and the fields of a run that they add up.
SIZES: Final = {
    "characters_in": "chars_in",
    "characters_out": "chars_out",
    "tokens_in": "prompt_tokens",
    "tokens_out": "completion_tokens",
}
COUNTED: Final = {
    **{status.value: Count("pk", filter=Q(status=status)) for status in RunStatus},
    **{name: Coalesce(Sum(field), 0) for name, field in SIZES.items()},
}


@dataclass(frozen=True, slots=True)
class DayUsage:
    day: date
    sums: Sums
    wait: Wait = NO_WAIT


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one agent, person or error code; `name` is empty for a person whose account is gone.

    `team` says whose an agent or a person is; a code is everybody's.
    """

    name: str
    team: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Line:
    """What one person asked of one agent on one day."""

    team: str
    agent: str
    person: str
    sums: Sums


@dataclass(frozen=True, slots=True)
class Report:
    """All that is shown of a period; of agents, people and codes the busiest `LONGEST_LIST`."""

    period: Period
    days: Sequence[DayUsage]
    total: Sums
    wait: Wait
    agents: Sequence[Part]
    people: Sequence[Part]
    errors: Sequence[Part]


def of_team(period: Period) -> Report:
    """Return the usage of the team in scope, or of all teams in the scope of all."""
    runs = period.runs()
    days = _per_day(period, runs, _waits(runs, by_day=True))
    return Report(
        period=period,
        days=days,
        total=_total(days),
        wait=_waits(runs, by_day=False).get(None, NO_WAIT),
        agents=_by_agent(runs, F("agent__name")),
        people=_parts(runs, "team_id", "user_id", name=Coalesce("user__email", Value(""))),
        errors=_parts(runs.exclude(error_code=""), name=F("error_code")),
    )


def of_person(user: User, period: Period) -> Report:
    """Return the usage of one person; who they are and what failed is not broken down."""
    runs = period.runs().filter(user=user)
    days = _per_day(period, runs, {})
    known = agents_of(user, include_inactive=True).filter(pk=OuterRef("agent_id"))
    agents = _by_agent(runs, Subquery(known.values("name")))
    return Report(period, days, _total(days), NO_WAIT, agents, (), ())


def of_month(user: User) -> Sums:
    """Return what one person's runs of this calendar month come to."""
    this_month = usage().filter(user=user, started_at__gte=month_of(timezone.now()))
    return Sums(**this_month.aggregate(**COUNTED))


def teams(period: Period) -> list[UUID]:
    """Return the teams in scope that asked anything."""
    return list(period.runs().order_by("team_id").values_list("team_id", flat=True).distinct())


def lines_of_day(day: date) -> list[Line]:
    """Return a day's numbers for each agent and person, under the name that the agent had."""
    names = {"team_name": F("team__slug"), "agent_was": F("agent_name"), "person": Coalesce("user__email", Value(""))}
    grouped: Any = Period(day, day).runs().values(**names)
    rows = grouped.annotate(**COUNTED).order_by(*names)
    return [Line(row.pop("team_name"), row.pop("agent_was"), row.pop("person"), Sums(**row)) for row in rows]


def _per_day(period: Period, runs: QuerySet[Run], waits: dict[date | None, Wait]) -> list[DayUsage]:
    rows: QuerySet[Run, Any] = runs.annotate(day=Day("started_at")).values("day").annotate(**COUNTED)
    counted = {row.pop("day"): Sums(**row) for row in rows}
    return [DayUsage(day, counted.get(day, Sums()), waits.get(day, NO_WAIT)) for day in period.days]


def _total(days: Sequence[DayUsage]) -> Sums:
    return sum((day.sums for day in days), Sums())


def _by_agent(runs: QuerySet[Run], present_name: Combinable) -> list[Part]:
    """Count by agent under its present name; one that was removed, or is unknown to the reader, keeps what it had."""
    return _parts(runs, "team_id", "agent_id", name=Coalesce(present_name, F("agent_name")))


def _parts(runs: QuerySet[Run], *keys: str, name: Any) -> list[Part]:
    groups: Any = runs.values(*keys, name=name)
    counted = groups.annotate(belongs_to=Max("team__name"), runs=Count("pk"), **COUNTED)
    busiest = counted.order_by("-runs", "name", *keys)[:LONGEST_LIST]
    return [Part(row["name"], row["belongs_to"], Sums(**{field: row[field] for field in COUNTED})) for row in busiest]


def _waits(runs: QuerySet[Run], *, by_day: bool) -> dict[date | None, Wait]:
    """Return the waits of each day, or those of all days under None."""
    return waits_of(runs.annotate(day=Day("started_at")), since=F("started_at"), by="day" if by_day else None)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
