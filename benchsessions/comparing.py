"""Comparing sessions question by question with the first of them, the baseline.

An error is not a wrong answer: it is counted apart and is part of no accuracy. What somebody is still to judge
blindly is unjudged to them, here and in all numbers.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import TextChoices
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from benchsessions.aligning import align
from benchsessions.judged import Judged
from benchsessions.models import Analyst, BenchSession, Item
from benchsessions.models.sessions import FAILED
from benchsessions.opinions import sight_of
from benchsessions.rubric import Rating
from benchsessions.searching import holds

FEWEST: Final = 2
MOST: Final = 4
SCALE: Final[Mapping[str, int]] = {Rating.INCORRECT: 0, Rating.PARTLY: 1, Rating.CORRECT: 2}
# What the databases make of values in `reference` that are no texts.
NO_IDS: Final = (None, "null", "true", "false")


class Change(TextChoices):
    """What became of a question since the baseline."""

    IMPROVED = "improved", _("Improved")
    REGRESSED = "regressed", _("Regressed")
    SAME = "same", _("Same")
    MISSING = "missing", _("Missing")
    ERROR = "error", _("Error")
    UNJUDGED = "unjudged", _("Not judged")
    INCOMPARABLE = "incomparable", _("Not comparable")


class Show(TextChoices):
    """Which questions are shown."""

    ALL = "all", _("All")
    DIFFERENT = "different", _("Only different")
    IMPROVED = "improved", _("Improved")
    REGRESSED = "regressed", _("Regressed")
    MISSING = "missing", _("Missing")
    ANSWERS = "answers", _("Answers differ")


class Cell(NamedTuple):
    """A question of one session; the verdict is what the reader may see of it."""

    id: UUID
    position: int
    key: str
    external_id: str
    status: str
    answer_hash: str
    verdict: str
    is_hidden: bool

    @property
    def is_failed(self) -> bool:
        return self.status in FAILED

    @property
    def is_judged(self) -> bool:
        return bool(self.verdict) and not self.is_failed


class Row(NamedTuple):
    """A question with its cell of each session, and what became of it in each session but the first."""

    cells: Sequence[Cell | None]
    changes: Sequence[Change]

    @property
    def first(self) -> Cell:
        """The cell of the first session that has the question."""
        return next(cell for cell in self.cells if cell)

    @property
    def is_common(self) -> bool:
        """Tell whether every session has a judged answer to it that applies."""
        return all(cell and cell.is_judged and cell.verdict != Rating.NOT_APPLICABLE for cell in self.cells)

    def is_same_answer(self, place: int) -> bool:
        """Tell whether a session answers it in the words of the baseline."""
        base, cell = self.cells[0], self.cells[place]
        return bool(base and cell and base.answer_hash and base.answer_hash == cell.answer_hash)

    def is_shown(self, show: str) -> bool:
        """Tell whether it is among the questions that are asked for."""
        if show == Show.ALL:
            return True
        if show == Show.ANSWERS:
            return self._differs("answer_hash")
        if show == Show.DIFFERENT:
            return Change.MISSING in self.changes or self._differs("answer_hash", "status") or self._verdicts_differ
        return show in self.changes

    @property
    def _verdicts_differ(self) -> bool:
        return len({cell.verdict for cell in self.cells if cell and cell.is_judged}) > 1

    def _differs(self, *names: str) -> bool:
        present = [cell for cell in self.cells if cell]
        return any(len({getattr(cell, name) for cell in present}) > 1 for name in names)


@dataclass(frozen=True, slots=True)
class Totals:
    """What a session comes to: all its questions, and those that every session has judged; `changes` by `Change`."""

    session: BenchSession
    letter: str
    judged: Judged
    common: Judged
    failed: int
    hidden: int
    changes: Mapping[Change, int]


@dataclass(frozen=True)
class Comparison:
    """Sessions beside each other, the baseline first."""

    sessions: Sequence[BenchSession]
    rows: Sequence[Row]

    @cached_property
    def totals(self) -> list[Totals]:
        common = [row for row in self.rows if row.is_common]
        return [self._totals_of(place, common) for place in range(len(self.sessions))]

    def counts(self) -> dict[str, int]:
        """Return how many questions each of `Show` has."""
        return {show.value: sum(row.is_shown(show) for row in self.rows) for show in Show}

    def shown(self, show: str, search: str = "") -> list[Row]:
        """Return the rows that are asked for, by part of the question if asked."""
        rows = [row for row in self.rows if row.is_shown(show)]
        if not search:
            return rows
        found = _ids_saying(search, self.sessions)
        return [row for row in rows if any(cell and cell.id in found for cell in row.cells)]

    def _totals_of(self, place: int, common: Sequence[Row]) -> Totals:
        cells = [cell for row in self.rows if (cell := row.cells[place])]
        changes = Counter(row.changes[place - 1] for row in self.rows) if place else {}
        return Totals(
            session=self.sessions[place],
            letter="ABCD"[place],
            judged=judged(cells),
            common=judged(cell for row in common if (cell := row.cells[place])),
            failed=sum(cell.is_failed for cell in cells),
            hidden=sum(cell.is_hidden for cell in cells),
            changes={change: changes.get(change, 0) for change in Change} if place else {},
        )


def compare(sessions: Sequence[BenchSession], viewer: Analyst) -> Comparison:
    """Lay sessions beside each other as somebody may see them, without any question's text or answer."""
    cells = _cells_of(sessions, viewer)
    rows = align([cells[session.id] for session in sessions])
    return Comparison(sessions, [Row(row, [change(row[0], cell) for cell in row[1:]]) for row in rows])


def change(before: Cell | None, after: Cell | None) -> Change:
    """Return what became of a question."""
    if before is None or after is None:
        return Change.MISSING
    if before.is_failed or after.is_failed:
        return Change.ERROR
    if not (before.verdict and after.verdict):
        return Change.UNJUDGED
    was, now = SCALE.get(before.verdict), SCALE.get(after.verdict)
    if was is None or now is None:
        return Change.INCOMPARABLE
    if was == now:
        return Change.SAME
    return Change.IMPROVED if now > was else Change.REGRESSED


def judged(cells: Iterable[Cell]) -> Judged:
    """Count the verdicts on questions of a session."""
    found = list(cells)
    verdicts = Counter(cell.verdict for cell in found if cell.is_judged)
    return Judged(
        questions=len(found),
        rated=verdicts.total(),
        correct=verdicts[Rating.CORRECT],
        partly=verdicts[Rating.PARTLY],
        incorrect=verdicts[Rating.INCORRECT],
        not_applicable=verdicts[Rating.NOT_APPLICABLE],
    )


def _cells_of(sessions: Sequence[BenchSession], viewer: Analyst) -> dict[UUID, list[Cell]]:
    sight = sight_of(viewer, *(session.id for session in sessions))
    found: dict[UUID, list[Cell]] = {session.id: [] for session in sessions}
    external_id = KeyTextTransform("external_id", "reference")
    columns = ("session_id", "id", "index", "question_key", external_id, "status", "answer_hash", "verdict")
    for session_id, item_id, index, key, named, status, answer_hash, verdict in (
        Item.objects.filter(session__in=sessions).order_by("index").values_list(*columns)
    ):
        is_hidden = session_id in sight.blind_in and item_id not in sight.rated
        id_text = "" if named in NO_IDS else str(named).strip()
        shown = "" if is_hidden else verdict
        found[session_id].append(Cell(item_id, index, key, id_text, status, answer_hash, shown, is_hidden))
    return found


def _ids_saying(search: str, sessions: Sequence[BenchSession]) -> set[UUID]:
    """Return the items whose question has a text in it."""
    found = Item.objects.filter(holds("question", search), session__in=sessions)
    return set(found.order_by().values_list("id", flat=True))
