"""Every write of a verdict. The caller has checked the data; see `benchsessions.sections`."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from benchsessions.counting import COUNTED, counting
from benchsessions.equality import is_same_json
from benchsessions.exceptions import ChangedMeanwhile, ItemNotFound
from benchsessions.locking import lock_session, touch
from benchsessions.models import Analyst, Annotation, AnnotationRevision, BenchSession, Item, SecondOpinion
from benchsessions.sections import rating_of
from tenants.managers import find
from tenants.writing import update_rows

BATCH: Final = 500


class Changes(NamedTuple):
    """How many annotations a write changed or added, and how many it emptied."""

    changed: int = 0
    cleared: int = 0


@transaction.atomic
def save_annotation(
    *, session_id: UUID, index: int, author: Analyst, data: dict[str, Any] | None, version: int | None
) -> Annotation:
    """Keep what an author says of one answer; None takes it all back. Saying the same again changes nothing.

    `version` is the one the author changes, 0 for none yet, None for whichever stands. Raises `ChangedMeanwhile` for
    another, `ItemNotFound` and `SessionNotFound`.
    """
    session = lock_session(session_id)
    item = find(Item.objects.all(), session=session, index=index)
    if item is None:
        raise ItemNotFound()
    annotation = find(Annotation.objects.all(), item=item, author=author)
    standing = annotation.version if annotation else 0
    if version is not None and version != standing:
        raise ChangedMeanwhile(standing, annotation.data if annotation else None)
    if annotation is None:
        annotation = Annotation(session=session, item=item, author=author, version=0)
        if data is None:
            return annotation
        annotation.is_second = SecondOpinion.objects.filter(session=session, reviewer=author).exists()
    elif is_same_json(annotation.data, data):
        return annotation
    _change(annotation, data)
    annotation.save()
    AnnotationRevision.objects.create(annotation=annotation, version=annotation.version, data=data)
    grown: Counter[str] = Counter()
    if _move(item, _ratings_of([item.id]).get(item.id, []), grown):
        item.save(update_fields=["verdict", "is_disputed"])
    touch(session, **grown)
    return annotation


@transaction.atomic
def replace_annotations(
    *, session_id: UUID, author: Analyst, sent: Mapping[int, dict[str, Any]], version: int | None
) -> Changes:
    """Make the author's annotations of a session exactly those sent, index → data; nobody else's are touched.

    `version` is the session's as the author knows it, None for whichever stands. Raises `ChangedMeanwhile`,
    `SessionNotFound`, and `ItemNotFound` for an index without question.
    """
    session = lock_session(session_id)
    if version is not None and version != session.version:
        raise ChangedMeanwhile(session.version)
    return write_annotations(session, author, sent)


def write_annotations(session: BenchSession, author: Analyst, sent: Mapping[int, dict[str, Any]]) -> Changes:
    """Do the same in a session that is locked."""
    items = {item.index: item for item in Item.objects.filter(session=session).only("index", "verdict")}
    if not sent.keys() <= items.keys():
        raise ItemNotFound()
    standing = {row.item_id: row for row in Annotation.objects.filter(session=session, author=author)}
    is_second = SecondOpinion.objects.filter(session=session, reviewer=author).exists()
    added, changed, cleared = [], [], 0
    for index, item in items.items():
        data, row = sent.get(index), standing.get(item.id)
        if is_same_json(data, row.data if row else None):
            continue
        if row is None:
            row = Annotation(session=session, item=item, author=author, version=0, is_second=is_second)
            added.append(row)
        else:
            changed.append(row)
            cleared += data is None
        _change(row, data)
    if not (added or changed):
        return Changes()
    Annotation.objects.bulk_create(added, batch_size=BATCH)
    update_rows(changed, ["data", "rating", "rated_at", "version", "updated_at"])
    touched = [*added, *changed]
    AnnotationRevision.objects.bulk_create(
        [AnnotationRevision(annotation=row, version=row.version, data=row.data) for row in touched], batch_size=BATCH
    )
    settle(session, {row.item_id for row in touched})
    return Changes(len(touched) - cleared, cleared)


def settle(session: BenchSession, item_ids: Iterable[UUID]) -> None:
    """Work out anew which verdict counts for items of a locked session, and note the change."""
    grown: Counter[str] = Counter()
    waiting = list(item_ids)
    for start in range(0, len(waiting), BATCH):
        batch = waiting[start : start + BATCH]
        items = list(Item.objects.filter(id__in=batch).only(*COUNTED, "is_disputed", "decided_rating"))
        ratings = _ratings_of(batch)
        moved = [item for item in items if _move(item, ratings.get(item.id, []), grown)]
        update_rows(moved, ["verdict", "is_disputed"])
    touch(session, **grown)


def _ratings_of(item_ids: list[UUID]) -> dict[UUID, list[Annotation]]:
    """Return the annotations with a rating, the latest rated first."""
    found: dict[UUID, list[Annotation]] = {}
    rated = Annotation.objects.filter(item__in=item_ids).exclude(rating="").order_by("-rated_at", "-id")
    for row in rated.only("item_id", "rating", "is_second"):
        found.setdefault(row.item_id, []).append(row)
    return found


def _move(item: Item, rated: list[Annotation], grown: Counter[str]) -> bool:
    """Set the verdict that counts and add up what it changes; tell whether anything did."""
    before = (item.verdict, item.is_disputed)
    first = next((row.rating for row in rated if not row.is_second), "")
    with counting(item, grown):
        item.verdict = item.decided_rating or first
    item.is_disputed = not item.decided_rating and len({row.rating for row in rated}) > 1
    return before != (item.verdict, item.is_disputed)


def _change(annotation: Annotation, data: dict[str, Any] | None) -> None:
    """Put new data into an annotation, with all that follows from it."""
    now = timezone.now()
    rating = rating_of(data)
    if rating != annotation.rating:
        annotation.rated_at = now if rating else None
    annotation.data, annotation.rating = data, rating
    annotation.version += 1
    annotation.updated_at = now
