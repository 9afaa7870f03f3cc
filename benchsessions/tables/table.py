"""What any file of a table is read into, and the limits that hold for all of them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from benchsessions.exceptions import NotATable
from benchsessions.tables.columns import column_named

MOST_BYTES: Final = 20 * 2**20
MOST_COLUMNS: Final = 200
# A whole answer in JSON is as long as this at most.
CELL_CHARS: Final = 300_000
NOT_KEPT: Final = re.compile("[\x00\ud800-\udfff]")
# A sheet whose last rows were only coloured is full of nothing.
MOST_BLANK_ROWS: Final = 2_000


class Row(NamedTuple):
    """Cells of a row, and its number in the file as a spreadsheet shows it."""

    number: int
    cells: list[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; each row has exactly as many cells.

    Cells are texts, in JSON Lines (`is_nested`) any value, and each line names its columns. `heading` is the first row
    where that names them.
    """

    columns: list[str]
    rows: list[Row]
    heading: Row | None = None
    is_nested: bool = False

    @property
    def has_header(self) -> bool:
        return self.is_nested or self.heading is not None

    def headed(self, has_header: bool) -> "Table":
        """Return the same table with its first row as names of the columns, or without any names."""
        if self.is_nested or has_header == self.has_header:
            return self
        if self.heading is not None:
            return _unnamed([self.heading, *self.rows])
        heading, *rows = self.rows
        return Table([name.strip() or letters(place) for place, name in enumerate(heading.cells)], rows, heading)


def most_rows() -> int:
    """Return how many rows a table may have: several people may have judged one question."""
    return 4 * int(settings.BENCH_MAX_QUESTIONS)


def made_table(found: Iterable[tuple[int, list[str]]]) -> Table:
    """Return the table of numbered rows of texts, of which the first may name the columns."""
    rows = list(_checked(found))
    if not rows:
        raise NotATable(_("There is nothing in it."))
    width = max(len(row.cells) for row in rows)
    table = _unnamed([Row(row.number, row.cells + [""] * (width - len(row.cells))) for row in rows])
    return table.headed(any(column_named(cell) for cell in rows[0].cells))


def _unnamed(rows: list[Row]) -> Table:
    return Table([letters(place) for place in range(len(rows[0].cells))], rows)


def letters(place: int) -> str:
    """Return how a spreadsheet calls the column at a place: A, B, …, Z, AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def check_cell(text: str, number: int, column: str) -> None:
    """Raise `NotATable`, which names row and column, for a text that cannot be kept."""
    where = {"row": number, "column": column}
    if len(text) > CELL_CHARS:
        raise NotATable(_("Row %(row)d, column %(column)s: the text is too long.") % where)
    if NOT_KEPT.search(text):
        raise NotATable(_("Row %(row)d, column %(column)s: a character that cannot be kept.") % where)


def refuse_more_rows(count: int) -> None:
    if count > most_rows():
        raise NotATable(_("There are more than %(most)d rows in it.") % {"most": most_rows()})


def refuse_more_columns(count: int, number: int) -> None:
    if count > MOST_COLUMNS:
        raise NotATable(_("Row %(row)d has more than %(most)d columns.") % {"row": number, "most": MOST_COLUMNS})


def _checked(found: Iterable[tuple[int, list[str]]]) -> Iterator[Row]:
    """Give rows with something in them, without the empty cells at their end."""
    count = 0
    for number, cells in found:
        filled = next((place for place in range(len(cells), 0, -1) if cells[place - 1].strip()), 0)
        if not filled:
            continue
        count += 1
        refuse_more_rows(count)
        refuse_more_columns(filled, number)
        for place, text in enumerate(cells[:filled]):
            check_cell(text, number, letters(place))
        yield Row(number, cells[:filled])
