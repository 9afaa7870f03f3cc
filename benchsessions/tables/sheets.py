"""XLSX, read cell by cell within bounds: it is a ZIP of XML, and both can hold far more than they weigh."""

import logging
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from django.utils.translation import gettext as _
from openpyxl import DEFUSEDXML, load_workbook

from benchsessions.exceptions import NotATable
from benchsessions.tables.table import MOST_BLANK_ROWS, MOST_COLUMNS, Table, made_table, most_rows
from tenants.exceptions import ParleyError

log = logging.getLogger(__name__)

MOST_UNPACKED: Final = 128 * 2**20
MOST_PARTS: Final = 2_000
# The sheet of our exports for texts too long for one cell: row, column and number of each piece.
LONG_TEXTS: Final = "Long texts"
MOST_PIECES: Final = 20_000

if not DEFUSEDXML:
    raise ImportError("Without defusedxml a spreadsheet could blow up the XML reader.")


def read_sheet(data: bytes, *, has_header: bool | None = None) -> Table:
    """Return the table on the first sheet that is not hidden and not empty; formulas as what they last gave."""
    _check_archive(data)
    try:
        workbook = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        filled = ((sheet, rows) for sheet in sheets if (rows := list(islice(_rows(sheet), most_rows() + 2))))
        first, rows = next(filled, (None, []))
        if rows:
            long = next((sheet for sheet in sheets if sheet.title == LONG_TEXTS and sheet is not first), None)
            return made_table(_with_long_texts(rows, long) if long else rows, has_header=has_header)
    except ParleyError:
        raise
    except Exception as error:  # noqa: BLE001 - what a broken spreadsheet makes of the library is beyond listing
        log.info("A spreadsheet cannot be read: %s", type(error).__name__)
        raise NotATable(_("This spreadsheet is damaged. Save it anew, or as CSV.")) from None
    raise NotATable(_("There is nothing in it."))


def _check_archive(data: bytes) -> None:
    """Refuse what would unpack to far more than it weighs; the sizes that a ZIP declares are never exceeded."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            parts = archive.infolist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        raise NotATable(_("This spreadsheet is damaged. Save it anew, or as CSV.")) from None
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MOST_UNPACKED or len(parts) > MOST_PARTS:
        raise NotATable(_("This spreadsheet is too large once unpacked. Save it as CSV."))


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    """Give the rows with something in them; cells beyond the last column allowed are seen, to be refused."""
    sheet.reset_dimensions()  # what a file says of its size may be anything
    blank = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
        if all(value is None or value == "" for value in values):
            blank += 1
            if blank > MOST_BLANK_ROWS:
                return
            continue
        blank = 0
        yield number, [_text(value) for value in values]


def _with_long_texts(rows: list[tuple[int, list[str]]], sheet: Any) -> list[tuple[int, list[str]]]:
    """Put the texts that our exports keep on a sheet of their own into the cells they were too long for."""
    headings = rows[0][1]
    cells = dict(rows)
    whole: dict[tuple[int, int], list[str]] = {}
    for _number, (row, column, _piece, text, *_rest) in islice(_rows(sheet), 1, MOST_PIECES):
        if row.isdecimal() and int(row) in cells and column in headings:
            whole.setdefault((int(row), headings.index(column)), []).append(text)
    for (number, place), pieces in whole.items():
        cells[number][place] = "".join(pieces)
    return rows


def _text(value: Any) -> str:
    """Return a cell as a person reads it: 12345678 and not 12345678.0, 2026-11-22 and not a count of days."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "seconds")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value).replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")
