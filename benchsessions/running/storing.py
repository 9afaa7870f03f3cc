"""Keeping what came for questions: under the session's lock, and only by whoever still holds its run."""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.utils import timezone

from benchsessions.answers import ANSWERED, read_answer
from benchsessions.counting import COUNTED, counting
from benchsessions.locking import touch
from benchsessions.models import BenchSession, Item, ItemStatus
from benchsessions.models.sessions import FAILED
from benchsessions.running.books import Owned, held, lock
from benchsessions.running.endings import ERRORS, STOPPED, Ending
from tenants.database import impatient_transaction
from tenants.writing import update_rows

# What stands around answers that were asked for here.
FRAME: Final = {"key": "answers", "rest": {}}
# How many are kept in one transaction: others write to the database meanwhile.
AT_ONCE: Final = 250


class Landed(NamedTuple):
    """What came for a question: an answer of any shape, None for none; `elapsed_ms` as we measured it."""

    item_id: UUID
    answer: Any
    elapsed_ms: int | None = None
    replaced_characters: int = 0


def store(owned: Owned, landed: Sequence[Landed]) -> Ending | None:
    """Keep what came for the questions of one call; return why the run has to end now, None if it goes on.

    Raises `LeaseLost`, and `RunOver` if the session is gone.
    """
    parts = [landed[start : start + AT_ONCE] for start in range(0, len(landed), AT_ONCE)]
    endings = [_store(owned, part, is_first=part is parts[0]) for part in parts]
    return endings[-1]


def keep_misaligned(owned: Owned, item_ids: Collection[UUID], reply: Any, replaced_characters: int) -> None:
    """Keep a reply that cannot be laid beside the questions it was to answer, and note that these have none.

    Both or neither: with answers that belong nowhere and questions still to be asked, nobody could go on.
    """
    with impatient_transaction():
        session, run = lock(owned), held(owned)
        nothing_laid = not Item.objects.filter(session=session).exclude(answer_position=None).exists()
        BenchSession.objects.filter(id=session.id).update(
            raw_response=reply, is_misaligned=True, response_frame=None if nothing_laid else FRAME
        )
        touch(session, replaced_characters=replaced_characters)
        run.save(update_fields=["lease_until"])
        store(owned, [Landed(item_id, None) for item_id in item_ids])


def _store(owned: Owned, landed: Sequence[Landed], *, is_first: bool) -> Ending | None:
    with impatient_transaction():
        session, run = lock(owned), held(owned)
        due = Item.objects.filter(session=session, is_due=True, id__in=[each.item_id for each in landed])
        light = due.select_related("previous").only("index", *COUNTED, "previous__answer_hash")
        items = {item.id: item for item in light}
        grown: Counter[str] = Counter()
        for each in landed:
            if item := items.get(each.item_id):
                with counting(item, grown):
                    _put(item, each)
        update_rows(list(items.values()), ANSWERED)
        _note_alignment(session, items.values())
        touch(session, replaced_characters=sum(each.replaced_characters for each in landed), **grown)
        run.n_asked += len(items)
        # A call that failed is one error, however many questions it was of.
        has_failed = all(item.status in FAILED for item in items.values())
        run.errors_in_row = run.errors_in_row + is_first if has_failed else 0
        run.save(update_fields=["lease_until", "n_asked", "errors_in_row"])
    if run.stop_after_errors and run.errors_in_row >= run.stop_after_errors:
        return ERRORS
    return STOPPED if run.stop_requested_at is not None else None


def _put(item: Item, landed: Landed) -> None:
    """Put what came into an item's fields."""
    reading = read_answer(landed.answer)
    # Of a service that says "pending" nothing more will ever be heard.
    item.status = ItemStatus.ERROR if reading.status == ItemStatus.PENDING else reading.status
    item.answer, item.answer_hash, item.is_due = landed.answer, reading.hash, False
    item.answer_position = None if landed.answer is None else item.index
    item.elapsed_ms = landed.elapsed_ms if reading.elapsed_ms is None else reading.elapsed_ms
    item.answered_at = timezone.now()
    is_changed = item.previous is not None and reading.hash != item.previous.answer_hash
    item.is_changed = is_changed and item.status == ItemStatus.OK


def _note_alignment(session: BenchSession, items: Collection[Item]) -> None:
    """Note in a session that there are answers, and whether they stand beside all its questions."""
    came = any(item.answer_position is not None for item in items)
    is_short = any(item.status == ItemStatus.MISSING for item in items)
    changes: dict[str, Any] = {"is_misaligned": True} if is_short else {}
    if came and session.response_frame is None:
        changes["response_frame"] = FRAME
    unanswered = Item.objects.filter(session=session, status__in=[ItemStatus.MISSING, ItemStatus.PENDING])
    if came and session.is_misaligned and not is_short and not unanswered.exists():
        changes |= {"is_misaligned": False, "raw_response": None}
    if changes:
        BenchSession.objects.filter(id=session.id).update(**changes)
