"""Reads used by more than one caller."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import User
from accounts.queries import with_people
from benchsessions.answers import Frame
from benchsessions.exceptions import AnalystNotFound, SessionNotFound
from benchsessions.models import Analyst, Annotation, BenchSession, Item
from tenants.managers import find


def analyst_with(analyst_id: UUID) -> Analyst:
    """Return an analyst of the team; raise `AnalystNotFound`."""
    analyst = find(Analyst.objects.all(), id=analyst_id)
    if analyst is None:
        raise AnalystNotFound()
    return analyst


def sessions() -> QuerySet[BenchSession]:
    """Return the team's sessions but for deleted ones, the newest first, with their owners."""
    return with_people(BenchSession.objects.filter(deleted_at=None).select_related("owner"), "owner__user")


def session_with(session_id: UUID) -> BenchSession:
    """Return a session of the team; raise `SessionNotFound`."""
    session = find(sessions(), id=session_id)
    if session is None:
        raise SessionNotFound()
    return session


def response_of(session: BenchSession) -> Any:
    """Return the response of a session as it was sent, None for none; null stands for an answer still to come."""
    if session.response_frame is None:
        return session.raw_response
    laid = Item.objects.filter(session=session).exclude(answer_position=None).order_by("answer_position")
    answers: list[Any] = []
    for position, answer in laid.values_list("answer_position", "answer"):
        answers += [None] * ((position or 0) - len(answers))
        answers.append(answer)
    return Frame(session.response_frame["key"], session.response_frame["rest"]).around(answers)


def requests_of(session: BenchSession) -> list[Any]:
    """Return the questions of a session as they are sent."""
    return list(Item.objects.filter(session=session).order_by("index").values_list("request", flat=True))


def annotations_of(session: BenchSession, author: Analyst) -> dict[str, Any]:
    """Return an author's annotations as the contract has them: index as text → sections."""
    own = Annotation.objects.filter(session=session, author=author, data__isnull=False).order_by()
    said = dict(own.values_list("item_id", "data"))
    return {str(index): said[item_id] for item_id, index in indexes_of(session).items() if item_id in said}


def indexes_of(session: BenchSession) -> dict[UUID, int]:
    """Return the index of each item of a session, in their order.

    Beside the rows of a session just made, a join would be planned by figures from before there were any.
    """
    return dict(Item.objects.filter(session=session).order_by("index").values_list("id", "index"))


def analyst_of(user: User) -> Analyst:
    """Return who a person is at the bench, made at their first visit."""
    analyst = find(Analyst.objects.all(), user=user)
    return analyst or Analyst.objects.get_or_create(user=user)[0]
