"""Finding the same question in several sessions, never by its place in them."""

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """A question as it is told from others: by an id of its own, empty for none, and by the hash of its words."""

    @property
    def external_id(self) -> str: ...
    @property
    def key(self) -> str: ...


N = TypeVar("N", bound=Named)


class _Row(Generic[N]):
    """A question that some sessions have; its words are those of the first that has it."""

    def __init__(self, number: int, width: int, first: N) -> None:
        self.number = number
        self.key = first.key
        self.external_id = ""
        self.cells: list[N | None] = [None] * width

    def take(self, place: int, cell: N) -> None:
        self.cells[place] = cell
        self.external_id = self.external_id or cell.external_id


def align(sessions: Sequence[Iterable[N]]) -> list[list[N | None]]:
    """Return a row for each question with its cell of each session, None where a session does not have it.

    Questions are the same by their ids where both have one, else by their words. Where several are the same, the
    first belongs to the first, the second to the second. Rows stand in the order of the first session, followed by
    what only later ones have.
    """
    rows: list[_Row[N]] = []
    for place, cells in enumerate(sessions):
        for cell in _lay_by_words(rows, place, _lay_by_ids(rows, place, cells)):
            rows.append(_Row(len(rows), len(sessions), cell))
            rows[-1].take(place, cell)
    return [row.cells for row in rows]


def _lay_by_ids(rows: list[_Row[N]], place: int, cells: Iterable[N]) -> list[N]:
    """Lay cells into the rows that have their ids; return the others."""
    free: dict[str, deque[_Row[N]]] = {}
    for row in rows:
        free.setdefault(row.external_id, deque()).append(row)
    left = []
    for cell in cells:
        if cell.external_id and free.get(cell.external_id):
            free[cell.external_id].popleft().take(place, cell)
        else:
            left.append(cell)
    return left


def _lay_by_words(rows: list[_Row[N]], place: int, cells: Iterable[N]) -> list[N]:
    """Lay cells into free rows that have their words and at most one id with them; return the others."""
    free: dict[tuple[str, bool], deque[_Row[N]]] = {}
    for row in rows:
        if row.cells[place] is None:
            free.setdefault((row.key, bool(row.external_id)), deque()).append(row)
    left = []
    for cell in cells:
        with_id = [] if cell.external_id else [free.get((cell.key, True))]
        fitting = [found for found in (*with_id, free.get((cell.key, False))) if found]
        if fitting:
            min(fitting, key=lambda found: found[0].number).popleft().take(place, cell)
        else:
            left.append(cell)
    return left
