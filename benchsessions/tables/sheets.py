"""XLSX, read cell by cell within bounds."""

import logging
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from io import BytesIO
from itertools import islice
from typing import Any, Final

from django.utils.translation import gettext as _
from openpyxl import DEFUSEDXML, load_workbook

from benchsessions.exceptions import NotATable
from benchsessions.tables.long_texts import LONG_TEXTS, Line, with_long_texts
from benchsessions.tables.table import (
    MOST_BLANK_ROWS,
    MOST_COLUMNS,
    Table,
    made_table,
    most_rows,
    refuse_more_columns,
)
from benchsessions.tables.weight import MOST_UNPACKED, check_weight, damaged, too_large
from tenants.exceptions import ParleyError

log = logging.getLogger(__name__)

MOST_PIECES: Final = 20_000
EMPTY: Final = frozenset((None, ""))

if not DEFUSEDXML:
    raise ImportError("Without defusedxml a spreadsheet could blow up the XML reader.")


def read_sheet(data: bytes) -> Table:
    """Return the table on the first sheet that is not hidden and not empty; formulas as what they last gave."""
    check_weight(data)
    try:
        workbook = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in workbook.worksheets if sheet.sheet_state == "visible"]
        filled = ((sheet, rows) for sheet in sheets if (rows := list(islice(_rows(sheet), most_rows() + 2))))
        first, rows = next(filled, (None, []))
        if rows:
            long = next((sheet for sheet in sheets if sheet.title == LONG_TEXTS and sheet is not first), None)
            if long:
                rows = with_long_texts(rows, islice(_rows(long), 1, MOST_PIECES))
            return made_table(_bounded(rows))
    except ParleyError:
        raise
    except Exception as error:  # noqa: BLE001 - what a broken spreadsheet makes of the library is beyond listing
        log.info("A spreadsheet cannot be read: %s", type(error).__name__)
        raise damaged() from None
    raise NotATable(_("There is nothing in it."))


def _rows(sheet: Any) -> Iterator[Line]:
    """Give the rows with something in them, each as wide as a table may be."""
    sheet.reset_dimensions()  # what a file says of its size may be anything
    blank = chars = 0
    for number, values in enumerate(sheet.iter_rows(values_only=True), 1):
        near, far = values[:MOST_COLUMNS], values[MOST_COLUMNS:]
        if not EMPTY.issuperset(far):
            refuse_more_columns(len(values), number)
        if EMPTY.issuperset(near):
            blank += 1
            if blank > MOST_BLANK_ROWS:
                return
            continue
        blank = 0
        chars = _counted(chars, near)
        yield number, [_text(value) for value in near]


def _bounded(lines: Iterable[Line]) -> Iterator[Line]:
    chars = 0
    for number, cells in lines:
        chars = _counted(chars, cells)
        yield number, cells


def _counted(chars: int, cells: Iterable[Any]) -> int:
    """Add the texts of a row to those before; a file holds a text once, however many cells say it.

    Raises `NotATable` for more than could be in a file that says each by itself.
    """
    chars += sum(len(cell) for cell in cells if isinstance(cell, str))
    if chars > MOST_UNPACKED:
        raise too_large()
    return chars


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
