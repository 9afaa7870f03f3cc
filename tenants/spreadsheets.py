"""Numbers and names as CSV that a spreadsheet opens without running any of it."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

CONTENT_TYPE: Final = "text/csv; charset=utf-8"
BYTE_ORDER_MARK: Final = "\ufeff"  # without it, Excel takes UTF-8 for something else
# The wide forms count too: some spreadsheets take them for the plain ones.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "＝", "＋", "－", "＠")


def csv_text(rows: Iterable[Iterable[object]], separator: str = ",") -> str:
    """Return rows as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it.

    Every text is quoted, since in half of the world a spreadsheet parts the cells at semicolons.
    """
    written = StringIO()
    writer = csv.writer(written, delimiter=separator, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def as_download(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Have the browser save a response as a file of this name."""
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name)
    return response


def unmasked(text: str) -> str:
    """Return a text as it was before `csv_text` wrote it."""
    return text[1:] if text.startswith("'") and is_like_formula(text[1:]) else text


def _cell(value: object) -> object:
    """Return a cell as it is written."""
    if isinstance(value, int | float) or value is None:
        return value
    text = str(value)
    return f"'{text}" if is_like_formula(text) else text


def is_like_formula(text: str) -> bool:
    """Tell whether a text gets an apostrophe: a formula, also behind white space, or one that has some already."""
    bare = text.lstrip("'")
    return bare.startswith(("\t", "\r")) or bare.lstrip().startswith(FORMULA_STARTS)
