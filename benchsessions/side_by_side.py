"""The answers to a few questions beside each other, with what differs from the baseline's."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, NamedTuple
from uuid import UUID

from benchsessions.answers import read_answer
from benchsessions.comparing import Cell, Change, Row, Totals
from benchsessions.diffs import Piece, word_diff
from benchsessions.models import Item
from benchsessions.models.sessions import FAILED

SHOWN_CHARS: Final = 6_000
PAGE_SECONDS: Final = 1.0  # for all comparisons of texts on one page


class Said(NamedTuple):
    """What stands in one item: the question, the answer's text, and its error in words."""

    question: str
    text: str
    error: str


@dataclass(frozen=True, slots=True)
class Side:
    """What one session has of a question; without a cell it does not have it.

    `pieces` say what differs from the baseline's answer; None where that was not worked out, as for the baseline.
    """

    total: Totals
    cell: Cell | None
    change: Change | None
    said: Said | None = None
    is_same_answer: bool = False
    pieces: Sequence[Piece] | None = None

    @property
    def is_change_told(self) -> bool:
        """Tell whether the change says more than the verdict beside it."""
        return self.cell is not None and self.change not in {None, Change.UNJUDGED, Change.ERROR}

    @property
    def is_cut(self) -> bool:
        return self.said is not None and len(self.said.text) > SHOWN_CHARS

    @property
    def shown_text(self) -> str:
        return self.said.text[:SHOWN_CHARS] if self.said else ""


@dataclass(frozen=True, slots=True)
class Compared:
    """A question as it is shown."""

    question: str
    sides: Sequence[Side]


def side_by_side(rows: Sequence[Row], totals: Sequence[Totals]) -> list[Compared]:
    """Return questions with their answers, which are read for these alone."""
    said = _said_in([cell.id for row in rows for cell in row.cells if cell])
    until = monotonic() + PAGE_SECONDS
    return [_compared(row, totals, said, until) for row in rows]


def _compared(row: Row, totals: Sequence[Totals], said: dict[UUID, Said], until: float) -> Compared:
    base, *others = row.cells
    sides = [Side(totals[0], base, None, said.get(base.id) if base else None)]
    for place, (cell, change) in enumerate(zip(others, row.changes, strict=True), 1):
        own = said.get(cell.id) if cell else None
        is_same = row.is_same_answer(place)
        pieces = None if is_same else _pieces(sides[0], own, until)
        sides.append(Side(totals[place], cell, change, own, is_same, pieces))
    # An item deleted since the sessions were laid beside each other is not found any more.
    found = said.get(row.first.id)
    return Compared(found.question if found else "", sides)


def _pieces(base: Side, own: Said | None, until: float) -> list[Piece] | None:
    left = until - monotonic()
    if left <= 0 or own is None or not (own.text and base.shown_text):
        return None
    return word_diff(base.shown_text, own.text[:SHOWN_CHARS], left)


def _said_in(ids: Sequence[UUID]) -> dict[UUID, Said]:
    found = Item.objects.filter(id__in=ids).order_by().values_list("id", "question", "status", "answer")
    return {item_id: _said(question, status, answer) for item_id, question, status, answer in found}


def _said(question: str, status: str, answer: Any) -> Said:
    reading = read_answer(answer)
    error = reading.error if status in FAILED else None
    told = error.get("message") if isinstance(error, dict) else error
    return Said(question, reading.text, str(told)[:SHOWN_CHARS] if told else "")
