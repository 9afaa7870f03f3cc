"""Numbers and names as CSV that a spreadsheet opens without running any of it."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Final

from django.http.response import HttpResponseBase

CONTENT_TYPE: Final = "text/csv; charset=utf-8"
BYTE_ORDER_MARK: Final = "\ufeff"  # without it, Excel takes UTF-8 for something else
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    written = StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def as_download(response: HttpResponseBase, name: str) -> HttpResponseBase:
    """Have the browser save a response as a file; `name` is ours and plain."""
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
