"""CSV as spreadsheets of both halves of the world write it, and lines that somebody pastes."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from itertools import islice
from typing import Final

from django.utils.translation import gettext as _

from benchsessions.exceptions import NotATable
from benchsessions.tables.columns import column_named
from benchsessions.tables.table import CELL_CHARS, MOST_COLUMNS, Table, made_table, refuse_more_columns
from tenants.spreadsheets import unmasked

SEPARATORS: Final = ("\t", ";", ",")
ALONE: Final = "\x1f"  # parts nothing: no text that is taken has it
LOOKED_AT: Final = 200
EVEN: Final = 0.5
# Marks of what is no text: a table has line breaks and tabs, nothing else of these.
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
BYTE_ORDER_MARKS: Final = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

csv.field_size_limit(4 * CELL_CHARS)  # the whole process's; a cell that is too long is refused with its place


def decoded(data: bytes) -> str:
    """Return the text of a file, which Russian spreadsheets also write as CP1251; raise `NotATable` for no text."""
    known = next((name for mark, name in BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
    for encoding in [known] if known else ["utf-8", "cp1251"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if CONTROL.search(text):
            break
        return text
    raise NotATable()


def read_separated(text: str) -> Table:
    """Return the table in a CSV, parted by whatever parts it most evenly."""
    return made_table(_records(text, _separator(text)))


def read_pasted(text: str) -> Table:
    """Return the table in pasted text: a question a line, or cells as a spreadsheet copies them.

    A row is a line. Quotes mean something only among tabs.
    """
    if "\t" not in text:
        found = ((number, [line.strip()]) for number, line in enumerate(text.splitlines(), 1))
        return made_table(found)
    try:
        return made_table(_records(text, "\t"))
    except csv.Error:
        found = ((number, line.split("\t")) for number, line in enumerate(text.splitlines(), 1))
        return made_table(found)


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, 1):
            if any(cells[MOST_COLUMNS:]):
                refuse_more_columns(len(cells), number)
            del cells[MOST_COLUMNS:]
            yield number, [unmasked(cell).replace("\r\n", "\n").replace("\r", "\n") for cell in cells]
    except csv.Error:
        if separator == "\t":
            raise
        raise NotATable(
            _("Row %(row)d: a quotation mark stands where none can. In a quoted cell each is doubled.")
            % {"row": number + 1}
        ) from None


def _separator(text: str) -> str:
    """Return what parts the first rows most evenly, best into columns that we know; nothing may, in one column."""
    best = max(SEPARATORS, key=lambda separator: _fitness(text, separator))
    knows, evenness, _width = _fitness(text, best)
    return best if knows or evenness > EVEN else ALONE


def _fitness(text: str, separator: str) -> tuple[bool, float, int]:
    """Return whether the first row has a heading that we know, how many rows are as wide as it, and how wide it is."""
    try:
        reader = csv.reader(StringIO(text, newline=""), delimiter=separator)
        rows = [cells for cells in islice(reader, LOOKED_AT) if cells]
    except csv.Error:
        return False, 0, 0
    width = len(rows[0]) if rows else 0
    if width < 2:
        return False, 0, 0
    knows = any(map(column_named, rows[0][:MOST_COLUMNS]))
    is_prose = all(cell.startswith(" ") for cells in rows for cell in cells[1:])  # Close it, if it is lost, please
    evenness = sum(len(cells) == width for cells in rows) / len(rows)
    return knows, 0 if is_prose and not knows else evenness, width
