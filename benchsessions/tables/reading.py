"""Any file of a table, told apart by what is in it: names lie."""

from typing import Final

from django.utils.translation import gettext as _

from benchsessions.exceptions import NotATable
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


def read_table(data: bytes, name: str) -> Table:
    """Return the table in a file; whether its first row names the columns is a guess.

    Raises `NotATable` with a sentence, which names row and column where it is about one, and `TooLarge`.
    """
    if len(data) > MOST_BYTES:
        raise TooLarge(_("The file is too large: at most %(most)d MB.") % {"most": MOST_BYTES // 2**20})
    if data.startswith(ZIP):
        return read_sheet(data)
    if data.startswith(OLD_EXCEL):
        raise NotATable(_("This is a spreadsheet of an old make. Save it as XLSX or CSV."))
    text = decoded(data)
    if name == PASTED:
        return read_pasted(text)
    if name.lower().endswith(JSON_SUFFIXES) or looks_like_lines(text):
        return read_lines(text)
    return read_separated(text)
