"""What the sessions of some time add up to, by environment and by day (in UTC).

An error is no wrong answer: it is counted apart and is part of no accuracy. What nobody rated is not correct either.
Whoever is still to judge a session blindly learns nothing of its verdicts here.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from agents.usage.moments import Day
from agents.usage.reports import Period
from benchsessions.issues import Issues, issues_in
from benchsessions.judged import Judged
from benchsessions.models import Analyst, BenchSession, Environment, Item, ItemStatus, SecondOpinion
from benchsessions.models.sessions import FAILED
from benchsessions.rubric import COUNTED_AS
from tenants.percentiles import NO_NUMBERS, Percentiles, percentiles_of

# Fields of `Judged` and the columns of a session that they add up.
VERDICTS: Final[Mapping[str, str]] = {
    "questions": "n_questions",
    "rated": "n_rated",
    "correct": "n_correct",
    "partly": "n_partly",
    "incorrect": "n_incorrect",
    "not_applicable": "n_not_applicable",
}
FIELDS: Final = {column: field for field, column in VERDICTS.items()}
NOTHING: Final = Judged()


@dataclass(frozen=True, slots=True)
class Sums:
    """What some sessions of one environment come to; `seconds` are those until an answer."""

    environment: Environment
    sessions: int = 0
    answered: int = 0
    failed: int = 0
    judged: Judged = NOTHING
    seconds: Percentiles = NO_NUMBERS

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together; their seconds cannot be added up."""
        return Sums(
            self.environment,
            self.sessions + other.sessions,
            self.answered + other.answered,
            self.failed + other.failed,
            self.judged + other.judged,
        )

    @property
    def error_percent(self) -> float | None:
        """The share of errors among the questions that were asked; None where none was."""
        asked = self.answered + self.failed
        return 100 * self.failed / asked if asked else None


@dataclass(frozen=True, slots=True)
class Report:
    """All that is shown of a period: each environment, its days that have sessions, and the issues.

    `hidden` is how many sessions' verdicts the reader is not to know yet.
    """

    period: Period
    environments: Sequence[Sums]
    days: Mapping[date, Sequence[Sums]]
    issues: Issues
    hidden: int

    @property
    def judged(self) -> Judged:
        return sum((sums.judged for sums in self.environments), NOTHING)


def report_of(sessions: QuerySet[BenchSession], days: int, viewer: Analyst) -> Report:
    """Return what sessions begun in the last days come to, as far as somebody may know it."""
    period = Period.latest(days)
    begin, end = (datetime.combine(day, time.min, UTC) for day in (period.first, period.last + timedelta(days=1)))
    chosen = sessions.filter(created_at__gte=begin, created_at__lt=end).select_related(None).order_by()
    asked = SecondOpinion.objects.filter(reviewer=viewer, session__in=chosen.values("id"))
    hidden = list(asked.values_list("session_id", flat=True))
    by_day: dict[date, list[Sums]] = {}
    for sums, day in _sums_of_days(chosen, hidden):
        by_day.setdefault(day, []).append(sums)
    return Report(period, _together(chosen, by_day), by_day, issues_in(chosen.exclude(id__in=hidden)), len(hidden))


def _sums_of_days(chosen: QuerySet[BenchSession], hidden: Sequence[UUID]) -> Iterator[tuple[Sums, date]]:
    """Give the sums of each environment and day, day by day."""
    verdicts = {field: Coalesce(Sum(column, filter=~Q(id__in=hidden)), 0) for field, column in VERDICTS.items()}
    days: Any = chosen.annotate(day=Day("created_at")).values("environment", "day").order_by("day", "environment")
    failures = _verdicts_on_failures(chosen.exclude(id__in=hidden))
    seconds = _seconds(chosen, "environment", "day")
    for row in days.annotate(sessions=Count("pk"), answered=Sum("n_answered"), failed=Sum("n_failed"), **verdicts):
        key = (row["environment"], row["day"])
        judged = Judged(**{field: row[field] - failures[*key, field] for field in VERDICTS})
        numbers = (row["sessions"], row["answered"], row["failed"], judged, seconds.get(key, NO_NUMBERS))
        yield Sums(Environment(row["environment"]), *numbers), row["day"]


def _verdicts_on_failures(chosen: QuerySet[BenchSession]) -> Counter[tuple[str, date, str]]:
    """Count verdicts that people gave to errors, by environment, day and field of `Judged`."""
    failures = _items(chosen.filter(n_failed__gt=0, n_rated__gt=0)).filter(status__in=FAILED).exclude(verdict="")
    found: Counter[tuple[str, date, str]] = Counter()
    rows = failures.values_list("environment", "day", "verdict").order_by().annotate(n=Count("pk"))
    for environment, day, verdict, n in rows:
        for column in ("n_rated", COUNTED_AS.get(verdict)):
            if column:
                found[environment, day, FIELDS[column]] += n
    return found


def _together(chosen: QuerySet[BenchSession], days: Mapping[date, Sequence[Sums]]) -> list[Sums]:
    """Return each environment with all its days, in their usual order."""
    seconds = _seconds(chosen, "environment")
    found = []
    for environment in Environment:
        own = [sums for day in days.values() for sums in day if sums.environment == environment]
        if own:
            total = sum(own, Sums(environment))
            found.append(replace(total, seconds=seconds.get((environment.value,), NO_NUMBERS)))
    return found


def _seconds(chosen: QuerySet[BenchSession], *by: str) -> dict[tuple[Any, ...], Percentiles]:
    """Return how long answers took; errors and what nobody timed are left out."""
    timed = _items(chosen).filter(status=ItemStatus.OK).exclude(elapsed_ms=None)
    seconds = timed.annotate(seconds=F("elapsed_ms") / Value(1000.0))
    return percentiles_of(seconds, "seconds", by=by)


def _items(chosen: QuerySet[BenchSession]) -> QuerySet[Any]:
    found = Item.objects.filter(session__in=chosen.values("id"))
    return found.annotate(environment=F("session__environment"), day=Day("session__created_at"))
