"""Any file of a table, told apart by what is in it: names lie."""

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _

from benchsessions.exceptions import NotATable
from benchsessions.shape import MOST_GROWTH, room_of
from benchsessions.tables.cells import is_json
from benchsessions.tables.lines import looks_like_lines, read_lines
from benchsessions.tables.separated import decoded, read_pasted, read_separated
from benchsessions.tables.sheets import read_sheet
from benchsessions.tables.table import MOST_BYTES, Table
from tenants.exceptions import TooLarge

ZIP: Final = b"PK\x03\x04"
OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
JSON_SUFFIXES: Final = (".jsonl", ".ndjson", ".json")
# The name under which pasted text is kept between two steps.
PASTED: Final = "pasted"
MOST_ROOM: Final = MOST_BYTES * MOST_GROWTH


def read_table(data: bytes, name: str) -> Table:
    """Return the table in a file; whether its first row names the columns is a guess.

    Raises `NotATable` with a sentence, which names row and column where it is about one, and `TooLarge`.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(_("The file is too large: at most %(most)d MB.") % {"most": MOST_BYTES // 2**20})
    if data.startswith(ZIP):
        return _bounded(read_sheet(data))
    if data.startswith(OLD_EXCEL):
        raise NotATable(_("This is a spreadsheet of an old make. Save it as XLSX or CSV."))
    text = decoded(data)
    if name == PASTED:
        return read_pasted(text)
    if name.lower().endswith(JSON_SUFFIXES) or looks_like_lines(text):
        _check_room(text.split("\n"))
        return read_lines(text)
    return _bounded(read_separated(text))


def _bounded(table: Table) -> Table:
    """Return a table whose cells hold no JSON that is a danger to read."""
    _check_room(cell for row in table.rows for cell in row.cells if is_json(cell))
    return table


def _check_room(texts: Iterable[str]) -> None:
    """Raise `NotATable` for JSON that takes far more memory, once it is read, than a file of it: empty lists, say."""
    room = 0
    for text in texts:
        room += room_of(text.encode("utf-8", "surrogatepass"))
        if room > MOST_ROOM:
            raise NotATable(_("The JSON in it takes far too much room once it is read."))
