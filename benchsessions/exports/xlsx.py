"""Workbooks. Every text is a cell of text, so that none is run as a formula."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, Final

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils import get_column_letter

from benchsessions.tables.columns import Column
from benchsessions.tables.long_texts import LONG_COLUMNS, LONG_TEXTS, MARK
from tenants.spreadsheets import is_like_formula

CELL_UNITS: Final = 32_767  # of UTF-16, as spreadsheets count
WIDTHS: Final[Mapping[str, int]] = {
    Column.QUESTION: 50,
    Column.ANSWER: 70,
    Column.DOCUMENTS: 40,
    Column.COMMENT: 40,
    Column.REFERENCE_ANSWER: 50,
}
NOT_OF_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Book:
    """A table as a workbook, written row by row into files, not into memory; to close it takes the files away.

    Each call may come from another thread; one waits for the one before.
    """

    def __init__(self, title: str, columns: Sequence[str]) -> None:
        self._columns = columns
        self._lock = Lock()
        self._file = TemporaryFile()  # noqa: SIM115 - closed by `close`
        self._book = Workbook(write_only=True)
        self._sheet = self._book.create_sheet(title)
        self._sheet.freeze_panes = "C2"
        for place, column in enumerate(columns, start=1):
            self._sheet.column_dimensions[get_column_letter(place)].width = WIDTHS.get(column, 16)
        self._long: Any = None
        self._written = 0
        self._long_written = 0
        self._append(columns)

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Write some rows."""
        with self._lock:
            for row in rows:
                self._append(row)

    def finish(self) -> None:
        """Put the workbook together after the last row."""
        with self._lock:
            self._book.save(self._file)
            self._file.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes of the finished workbook, all unless told how many, none at its end."""
        with self._lock:
            return self._file.read(size)

    def close(self) -> None:
        """Take away all files, finished or not."""
        with self._lock:
            self._file.close()
            for sheet in self._book.worksheets:
                if not sheet.closed:
                    sheet.close()
                    sheet._writer.cleanup()

    def _append(self, values: Sequence[object]) -> None:
        self._written += 1
        self._sheet.append([self._cell(value, place) for place, value in enumerate(values)])

    def _cell(self, value: object, place: int) -> Any:
        if isinstance(value, int):
            return value
        if value in (None, ""):
            return None  # an empty text takes as long to write as any
        text = NOT_OF_XML.sub("\ufffd", str(value))
        if _units(text) > CELL_UNITS:
            mark = MARK.format(row=self._write_long(text, self._columns[place]))
            text = next(_pieces(text, CELL_UNITS - _units(mark))) + mark
        return _text_cell(self._sheet, text)

    def _write_long(self, text: str, column: str) -> int:
        """Write a text in pieces to the second sheet; return the row it begins in."""
        if self._long is None:
            self._long = self._book.create_sheet(LONG_TEXTS)
            self._long.freeze_panes = "A2"
            self._long.append(LONG_COLUMNS)
            self._long_written = 1
        begins = self._long_written + 1
        for number, piece in enumerate(_pieces(text, CELL_UNITS), start=1):
            self._long.append([self._written, column, number, _text_cell(self._long, piece)])
            self._long_written += 1
        return begins


def workbook(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table that is no longer than memory bears as a workbook."""
    book = Book(title, columns)
    try:
        book.add(rows)
        book.finish()
        return book.read()
    finally:
        book.close()


def _text_cell(sheet: Any, text: str) -> Any:
    """Return a cell of text; one that looks like a formula stays text also when somebody edits it."""
    cell = WriteOnlyCell(sheet)
    cell.value = text
    cell.data_type = "s"  # the library takes what begins with `=` for a formula
    if is_like_formula(text):
        cell.quotePrefix = True
    return cell


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _pieces(text: str, most: int) -> Iterator[str]:
    """Yield a text in pieces of at most so many units of UTF-16, no character torn apart."""
    units, start = text.encode("utf-16-le"), 0
    while start < len(units):
        piece = units[start : start + 2 * most].decode("utf-16-le", "ignore")
        yield piece
        start += 2 * _units(piece)
