"""What the sessions of some time add up to, by environment and by day (in UTC).

An error is no wrong answer: it is counted apart and is part of no accuracy. What nobody rated is not correct either.
Whoever is still to judge a session blindly learns nothing of its verdicts here.
"""

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from agents.usage.reports import Period
from benchsessions.issues import Issues, issues_in
from benchsessions.judged import Judged
from benchsessions.models import Analyst, BenchSession, Environment, Item, ItemStatus
from benchsessions.opinions import sessions_blind_to
from tenants.percentiles import Percentiles, percentiles_among

# Fields of `Judged` and the columns of a session that they add up.
VERDICTS: Final[Mapping[str, str]] = {
    "questions": "n_questions",
    "rated": "n_rated",
    "correct": "n_correct",
    "partly": "n_partly",
    "incorrect": "n_incorrect",
    "not_applicable": "n_not_applicable",
}
CHUNK: Final = 10_000
NOTHING: Final = Judged()


@dataclass(frozen=True, slots=True)
class Sums:
    """What some sessions of one environment come to; `seconds` are those until an answer."""

    environment: Environment
    sessions: int
    answered: int
    failed: int
    judged: Judged
    seconds: Percentiles

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
    chosen = sessions.filter(created_at__gte=begin, created_at__lt=end).select_related(None)
    hidden = sessions_blind_to(viewer, chosen.order_by().values("id"))
    rows = list(
        chosen.order_by("created_at", "id").only(
            "environment", "created_at", "n_answered", "n_failed", *VERDICTS.values()
        )
    )
    timed = _milliseconds_in(chosen)
    judged = {session.id: _judged(session, hidden) for session in rows}
    by_day: dict[date, list[Sums]] = {}
    for day, group in groupby(rows, key=lambda session: session.created_at.astimezone(UTC).date()):
        by_day[day] = _by_environment(list(group), judged, timed)
    issues = issues_in(chosen.exclude(id__in=hidden))
    return Report(period, _by_environment(rows, judged, timed), by_day, issues, len(hidden))


def _by_environment(
    sessions: Sequence[BenchSession], judged: Mapping[UUID, Judged], timed: Mapping[UUID, Sequence[int]]
) -> list[Sums]:
    """Add sessions up by environment, in the usual order."""
    sums = []
    for environment in Environment:
        own = [session for session in sessions if session.environment == environment]
        if own:
            seconds = percentiles_among(ms / 1000 for session in own for ms in timed.get(session.id, ()))
            answered, failed = (sum(getattr(session, name) for session in own) for name in ("n_answered", "n_failed"))
            verdicts = sum((judged[session.id] for session in own), NOTHING)
            sums.append(Sums(environment, len(own), answered, failed, verdicts, seconds))
    return sums


def _judged(session: BenchSession, hidden: Collection[UUID]) -> Judged:
    """Return how a session was judged, as far as the reader may know it."""
    if session.id in hidden:
        return NOTHING
    return Judged(**{field: getattr(session, column) for field, column in VERDICTS.items()})


def _milliseconds_in(chosen: QuerySet[BenchSession]) -> dict[UUID, Sequence[int]]:
    """Return how long each session's answers took; errors and what nobody timed are left out."""
    answered = Item.objects.filter(session__in=chosen.order_by().values("id"), status=ItemStatus.OK)
    found: dict[UUID, array[int]] = {}
    timed = answered.exclude(elapsed_ms=None).order_by().values_list("session_id", "elapsed_ms")
    for session_id, milliseconds in timed.iterator(CHUNK):
        found.setdefault(session_id, array("L")).append(milliseconds or 0)
    return dict(found)
