"""The list of sessions: which are shown, page by page in an order that stands still, and what a row says."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple, Self
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.queries import with_people
from benchsessions.keeping import kept_since
from benchsessions.models import BenchSession
from benchsessions.queries import sessions
from benchsessions.rubric import accuracy
from benchsessions.running import Standing, standing
from benchsessions.searching import holds

PER_PAGE: Final = 30
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACE: Final = re.compile(r"([0-9a-f]{1,14})-([0-9a-f]{32})")


class Cursor(NamedTuple):
    """The place after a session in the list; new sessions do not move it."""

    created_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{(self.created_at - EPOCH) // timedelta(microseconds=1):x}-{self.id.hex}"

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Return the place that an address names, None for the beginning."""
        named = PLACE.fullmatch(text)
        return cls(EPOCH + timedelta(microseconds=int(named[1], 16)), UUID(named[2])) if named else None


class Page(NamedTuple):
    """Some sessions, and where the next ones begin, None after the last."""

    sessions: list[BenchSession]
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class Row:
    """A session of the list; `strict` and `lenient` are per cents, None where nothing can be said."""

    session: BenchSession
    standing: Standing | None
    strict: float | None
    lenient: float | None
    may_manage: bool
    is_blind: bool


def page_of(found: QuerySet[BenchSession], cursor: Cursor | None) -> Page:
    """Return the sessions after a place, with all that a row says of them but no item."""
    if cursor is not None:
        found = found.filter(created_at__lte=cursor.created_at)
        found = found.exclude(created_at=cursor.created_at, id__gte=cursor.id)
    found = found.select_related("question_set_version__question_set").prefetch_related("runs")
    shown = list(found.order_by("-created_at", "-id")[: PER_PAGE + 1])
    last = shown[PER_PAGE - 1] if len(shown) > PER_PAGE else None
    return Page(shown[:PER_PAGE], Cursor(last.created_at, last.id) if last else None)


def deleted_sessions() -> QuerySet[BenchSession]:
    """Return the team's deleted sessions that can be restored still, with their owners."""
    deleted = BenchSession.objects.filter(deleted_at__gt=kept_since()).select_related("owner")
    return with_people(deleted, "owner__user")


def sessions_asked_for(asked: dict[str, Any]) -> QuerySet[BenchSession]:
    """Return the sessions that a valid `ListForm` asks for."""
    found = deleted_sessions() if asked["deleted"] else sessions()
    if asked["environment"]:
        found = found.filter(environment=asked["environment"])
    if asked["mode"]:
        found = found.filter(api_mode=asked["mode"])
    if asked["set"]:
        found = found.filter(question_set_version__question_set=asked["set"])
    if asked["owner"]:
        found = found.filter(owner=asked["owner"])
    if text := asked["q"]:
        named = holds("title", text) | holds("owner__user__full_name", text)
        found = found.filter(named | Q(owner__user__email__icontains=text) | Q(owner__login__startswith=text))
    return found


def row_of(session: BenchSession, *, may_manage: bool, is_blind: bool) -> Row:
    """Return what the list says of a session, without verdicts to somebody whose opinion on it is asked."""
    shares = (
        None
        if is_blind
        else accuracy(
            correct=session.n_correct,
            partly=session.n_partly,
            rated=session.n_rated,
            not_applicable=session.n_not_applicable,
        )
    )
    strict, lenient = (100 * share for share in shares) if shares else (None, None)
    return Row(session, standing(session), strict, lenient, may_manage, is_blind)
