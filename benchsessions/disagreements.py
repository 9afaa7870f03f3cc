"""Answers that people rated differently, to be decided, and those that were decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from accounts.queries import with_people
from benchsessions.answers import read_answer
from benchsessions.models import Annotation, BenchSession, Item
from benchsessions.rubric import Rating

DISPUTED = Q(is_disputed=True)
DECIDED = ~Q(decided_rating="")
ANSWER_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An answer and what people say of it, for somebody who sees everything."""

    item: Item
    said: list[Annotation]

    @property
    def answer(self) -> str:
        """The answer's text, or as much of it as is needed to decide."""
        text = read_answer(self.item.answer).text
        return text if len(text) <= ANSWER_CHARS else f"{text[:ANSWER_CHARS]}…"

    @property
    def options(self) -> list[str]:
        """What may be decided: the scale, and whatever else somebody gave."""
        return list(dict.fromkeys([*Rating.values, *(one.rating for one in self.said if one.rating)]))

    @property
    def given(self) -> frozenset[str]:
        """The ratings that were given."""
        return frozenset(one.rating for one in self.said)


def to_decide(session: BenchSession) -> QuerySet[Item]:
    """Return the disputed items of a session, in their order."""
    return Item.objects.filter(DISPUTED, session=session).order_by("index")


def decided(session: BenchSession) -> QuerySet[Item]:
    """Return the decided items of a session, the latest first."""
    return Item.objects.filter(DECIDED, session=session).order_by("-decided_at", "-index")


def shown(items: Any) -> list[Disagreement]:
    """Read a page of a queryset of items with what people said of each, the first opinions first."""
    whole = items.defer(None).defer("request").select_related("decided_by")
    found = list(with_people(whole, "decided_by__user"))
    said: dict[UUID, list[Annotation]] = {}
    for annotation in _annotations_of(found):
        said.setdefault(annotation.item_id, []).append(annotation)
    return [Disagreement(item, said.get(item.id, [])) for item in found]


def _annotations_of(items: Sequence[Item]) -> QuerySet[Annotation]:
    annotations = Annotation.objects.filter(item__in=items).exclude(data=None).select_related("author")
    return with_people(annotations, "author__user").order_by("is_second", "created_at", "id")
