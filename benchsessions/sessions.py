"""Making sessions and laying answers beside their questions."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from benchsessions.annotating import Changes, write_annotations
from benchsessions.answers import ANSWERED, places_of, read_answer, take_apart
from benchsessions.counting import COUNTED, counting
from benchsessions.equality import is_same_json
from benchsessions.exceptions import ChangedMeanwhile, QuestionsFrozen, RunInProgress
from benchsessions.locking import lock_session, touch
from benchsessions.models import (
    Analyst,
    BenchRun,
    BenchSession,
    Item,
    ItemStatus,
    QuestionSetVersion,
    RunState,
)
from benchsessions.queries import response_of
from benchsessions.questions import question_key, text_of_request
from benchsessions.sections import read_annotations
from tenants.writing import update_rows

BATCH: Final = 250


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a session to be: the request as it is sent, and what a good answer has."""

    request: Any
    reference: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_session(
    *,
    owner: Analyst,
    environment: str,
    api_mode: str,
    questions: Sequence[Asked],
    response: Any = None,
    is_paired: bool = False,
    annotations: Mapping[int, dict[str, Any]] | None = None,
    title: str = "",
    question_set_version: QuestionSetVersion | None = None,
    settings_snapshot: dict[str, Any] | None = None,
    replaced_characters: int = 0,
) -> BenchSession:
    """Make a session of questions, with what was answered and said of it, if anything was; all of it is checked.

    `is_paired` says that each answer is known to stand at its question's place, whatever it says of itself.
    """
    session = BenchSession.objects.create(
        owner=owner,
        environment=environment,
        api_mode=api_mode,
        title=title,
        question_set_version=question_set_version,
        settings_snapshot=settings_snapshot or {},
        replaced_characters=replaced_characters,
    )
    items = _items_of(session, questions)
    if response is not None:
        _lay(session, items, response, is_paired=is_paired)
    Item.objects.bulk_create(items, batch_size=BATCH)
    if annotations:
        write_annotations(session, owner, annotations)
    return session


@transaction.atomic
def change_session(
    *,
    session_id: UUID,
    author: Analyst,
    versions: Collection[int] | None = None,
    questions: Sequence[Asked] | None = None,
    response: Any = None,
    replaced_characters: int = 0,
    annotations: Any = None,
) -> Changes:
    """Change what is given of a session, all of it or nothing; `annotations`, unchecked, become all of the author's.

    `versions` are those the author may be changing, None for whichever stands. Raises `SessionNotFound`,
    `ChangedMeanwhile`, `RunInProgress`, `QuestionsFrozen`, and `Invalid` for bad annotations.
    """
    session = lock_session(session_id)
    if versions is not None and session.version not in versions:
        raise ChangedMeanwhile(session.version)
    is_asked_anew = questions is not None or response is not None
    if is_asked_anew and BenchRun.objects.filter(session=session, state=RunState.RUNNING).exists():
        raise RunInProgress()
    if questions is not None:
        replace_questions(session, questions)
    # What was read here and is sent back stays as it was laid: it does not tell in which batch each answer came.
    if response is not None and not is_same_json(response, response_of(session)):
        session.replaced_characters = replaced_characters
        lay_response(session, response)
    said = None if annotations is None else read_annotations(annotations, session.n_questions)
    changes = Changes() if said is None else write_annotations(session, author, said)
    # Each change above made a new version; without any there is a new time alone, and what others know still matches.
    session.updated_at = timezone.now()
    session.save(update_fields=["updated_at"])
    return changes


def replace_questions(session: BenchSession, questions: Sequence[Asked]) -> None:
    """Put other questions into a locked session; raise `QuestionsFrozen` once somebody answered or said something."""
    asked = Item.objects.filter(session=session)
    is_answered = session.n_answered or session.n_failed or session.is_misaligned
    is_touched = ~Q(attempts=0) | ~Q(decided_rating="") | Q(annotations__isnull=False) | Q(flags__isnull=False)
    if is_answered or asked.filter(is_touched).exists():
        raise QuestionsFrozen()
    asked.delete()
    Item.objects.bulk_create(_items_of(session, questions), batch_size=BATCH)


def lay_response(session: BenchSession, response: Any) -> None:
    """Lay a whole response beside the questions of a locked session, in place of any before.

    What cannot be laid there is kept as it came and marks the session misaligned; nothing is shifted.
    """
    items = Item.objects.filter(session=session).select_related("previous")
    needed = items.defer(None).only("index", "question", *COUNTED, *ANSWERED, "previous__answer_hash")
    update_rows(_lay(session, list(needed), response), ANSWERED)


def _items_of(session: BenchSession, questions: Sequence[Asked]) -> list[Item]:
    """Return unsaved items of a locked session, and note how many there are now."""
    previous = _previous_items(session, [text_of_request(asked.request) for asked in questions])
    items = []
    for index, asked in enumerate(questions):
        question = text_of_request(asked.request)
        key = question_key(question)
        item = Item(session=session, index=index, request=asked.request, reference=asked.reference, question=question)
        item.question_key, item.previous = key, previous.get(key)
        items.append(item)
    touch(session, n_questions=len(items) - session.n_questions)
    return items


def _lay(session: BenchSession, items: Sequence[Item], response: Any, *, is_paired: bool = False) -> list[Item]:
    """Put a response into the items' fields, and note in the session how it could be laid; return the items changed."""
    parts = take_apart(response)
    frame, answers = parts or (None, [])
    if is_paired or not answers:
        places: list[int] | None = list(range(len(answers)))
    else:
        places = places_of(answers, [item.question for item in items])
    is_laid = frame is not None and places is not None
    laid = dict(zip(places or [], enumerate(answers), strict=bool(places)))
    is_misaligned = 0 < len(laid) < len(items) if is_laid else bool(response)
    grown: Counter[str] = Counter()
    changed = []
    for item in items:
        position, answer = laid.get(item.index, (None, None))
        with counting(item, grown):
            if _put_answer(item, answer, position, is_expected=bool(laid)):
                changed.append(item)
    session.response_frame = frame.as_json() if is_laid and frame else None
    session.raw_response = None if is_laid else response
    session.is_misaligned = is_misaligned
    session.save(update_fields=["response_frame", "raw_response", "is_misaligned", "replaced_characters"])
    touch(session, **grown)
    return changed


def _put_answer(item: Item, answer: Any, position: int | None, *, is_expected: bool) -> bool:
    """Put an answer, or that none came, into an item's fields; tell whether it is other than what stood there."""
    reading = read_answer(answer) if position is not None else None
    missing = ItemStatus.MISSING if is_expected else ItemStatus.PENDING
    status = reading.status if reading else missing
    stands = (item.answer_position, item.status, item.is_due) == (position, status, False)
    if stands and is_same_json(item.answer, answer):
        return False
    item.answer, item.answer_position, item.status, item.is_due = answer, position, status, False
    item.answer_hash = reading.hash if reading else ""
    item.elapsed_ms = reading.elapsed_ms if reading else None
    item.answered_at = timezone.now() if reading else None
    is_other = bool(item.previous and item.answer_hash != item.previous.answer_hash)
    item.is_changed = is_other and item.status == ItemStatus.OK  # an error is no other answer
    return True


def _previous_items(session: BenchSession, questions: Sequence[str]) -> dict[str, Item]:
    """Return by key the same question in the latest earlier session of the environment that has an answer to it."""
    keys = list({question_key(question) for question in questions})
    found: dict[str, Item] = {}
    earlier = Item.objects.filter(
        session__environment=session.environment, session__deleted_at=None, session__created_at__lt=session.created_at
    ).exclude(answer_hash="")
    newest_first = Window(RowNumber(), partition_by=F("question_key"), order_by=[F("session__created_at").desc()])
    for start in range(0, len(keys), BATCH):
        batch = earlier.filter(question_key__in=keys[start : start + BATCH]).annotate(place=newest_first)
        found |= {item.question_key: item for item in batch.filter(place=1).only("id", "question_key", "answer_hash")}
    return found
