"""What the review of a session reads: the rail of its questions, one question whole, and which comes next."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Substr

from accounts.queries import with_people
from benchsessions.exceptions import ItemNotFound
from benchsessions.filters import ItemFilter, conditions
from benchsessions.models import Analyst, Annotation, BenchSession, Flag, Item
from benchsessions.opinions import Sight, visible_annotations, visible_flags
from benchsessions.searching import holds
from benchsessions.sections import INDEX
from tenants.managers import find

RAIL_CHARS: Final = 90
RAIL_FIELDS: Final = ("session_id", "index", "status", "verdict", "is_disputed", "is_changed", "is_flagged")
SPAN: Final = re.compile(rf"({INDEX.pattern})(?:-({INDEX.pattern}))?")


@dataclass(frozen=True, slots=True)
class Selection:
    """The questions of a session that somebody goes through: those of a filter that hold a text."""

    session: BenchSession
    conditions: Mapping[str, Q]
    name: str
    search: str

    @classmethod
    def of(cls, session: BenchSession, viewer: Analyst, name: str = ItemFilter.ALL, search: str = "") -> "Selection":
        """Return a selection by what an address asks for; an unknown filter is all."""
        known = name if name in ItemFilter.values else ItemFilter.ALL
        return cls(session, conditions(session, viewer), known, search.replace("\0", "").strip()[:200])

    @property
    def is_whole(self) -> bool:
        return self.name == ItemFilter.ALL and not self.search

    def items(self) -> QuerySet[Item]:
        """Return the questions, in their order."""
        found = Item.objects.filter(self.conditions[self.name], session=self.session)
        return found.filter(holds("question", self.search)) if self.search else found

    def indexes(self) -> list[int]:
        """Return where they stand in the session."""
        if self.is_whole:
            return list(range(self.session.n_questions))
        return list(self.items().values_list("index", flat=True))

    def counts(self) -> dict[str, int]:
        """Return how many questions of the session each filter has."""
        counted = {name: Count("pk", filter=condition) for name, condition in self.conditions.items() if condition}
        found: dict[str, int] = Item.objects.filter(session=self.session).aggregate(**counted)
        return {ItemFilter.ALL.value: self.session.n_questions, **found}

    def next_unrated(self, index: int) -> int | None:
        """Return the next question after one that is not rated, else the first in the selection."""
        unrated = self.items().filter(self.conditions[ItemFilter.UNRATED]).exclude(index=index)
        indexes = unrated.order_by("index").values_list("index", flat=True)
        after = indexes.filter(index__gt=index).first()
        return indexes.first() if after is None else after


class Neighbours(NamedTuple):
    """What comes before and after a question, and its place among them, None where it is not one of them."""

    before: int | None
    after: int | None
    place: int | None


def neighbours(indexes: list[int], index: int) -> Neighbours:
    before = max((other for other in indexes if other < index), default=None)
    after = min((other for other in indexes if other > index), default=None)
    return Neighbours(before, after, indexes.index(index) if index in indexes else None)


def item_with(session: BenchSession, index: int) -> Item:
    """Return a question with all that was sent and answered, also the time before; raise `ItemNotFound`."""
    items = Item.objects.defer(None).select_related("previous__session").defer("previous__session__raw_response")
    item = find(with_people(items.select_related("decided_by"), "decided_by__user"), session=session, index=index)
    if item is None:
        raise ItemNotFound()
    item.session = session
    return item


def rail_rows(session: BenchSession, sight: Sight, indexes: Iterable[int]) -> list[Item]:
    """Return rows of the rail: no more of a question than its beginning as `beginning`, nothing of its answer."""
    rows = Item.objects.filter(session=session, index__in=list(indexes)).order_by("index")
    found: list[Item] = list(rows.only(*RAIL_FIELDS).annotate(beginning=Substr("question", 1, RAIL_CHARS)))
    sight.cover(found)
    return found


def own_annotation(item: Item, viewer: Analyst) -> Annotation | None:
    """Return what somebody said of an answer, also if they took it back."""
    return find(Annotation.objects.all(), item=item, author=viewer)


def annotations_on(item: Item, viewer: Analyst) -> list[Annotation]:
    """Return what people said of an answer, as far as somebody may see it, the latest rated first."""
    said = list(visible_annotations(item.session, viewer).filter(item=item).order_by("-updated_at", "-id"))
    for annotation in said:
        annotation.item = item
    return said


def flags_of(item: Item, viewer: Analyst) -> list[Flag]:
    """Return why an answer is to be discussed, as far as somebody may see it, open flags first."""
    flags = visible_flags(item.session, viewer).filter(item=item)
    return sorted(flags, key=lambda flag: flag.resolved_at is not None)


def carried(item: Item, previous: list[Annotation], viewer: Analyst) -> Annotation | None:
    """Return the annotation that may be carried over from the previous answer: it has to say the very same."""
    if item.previous is None or not item.answer_hash or item.answer_hash != item.previous.answer_hash:
        return None
    rated = [one for one in previous if one.rating]
    own = next((one for one in rated if one.author_id == viewer.id), None)
    return own or next((one for one in rated if one.rating == item.previous.verdict), None)


def written_short(indexes: list[int]) -> str:
    """Return indexes as spans, `0-4,7`; `read_short` reads them."""
    starts = [index for before, index in pairwise([-2, *indexes]) if index != before + 1]
    ends = [index for index, after in pairwise([*indexes, -2]) if after != index + 1]
    return ",".join(f"{start}-{end}" if end > start else str(start) for start, end in zip(starts, ends, strict=True))


def read_short(text: str, most: int) -> list[int]:
    """Read at most so many indexes; what is no span is left out."""
    found: list[int] = []
    for span in filter(None, (SPAN.fullmatch(part) for part in text.split(",")[:most])):
        start, end = int(span[1]), int(span[2] or span[1])
        found += range(start, min(end, start + most) + 1)
    return found[:most]
