"""JSON Lines: an object a line, its keys the columns, its values of any shape."""

import json
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError

from benchsessions.exceptions import NotATable
from benchsessions.tables.table import CELL_CHARS, Row, Table, check_cell, refuse_more_columns, refuse_more_rows
from tenants.api.parsers import loads


def read_lines(text: str) -> Table:
    """Return the table in JSON Lines; what a line lacks is None there."""
    places: dict[str, int] = {}
    found: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        document = _object(line, number)
        for key, value in document.items():
            check_cell(key, number, key[:50])
            if isinstance(value, str):
                check_cell(value, number, key[:50])
            places.setdefault(key, len(places))
        refuse_more_columns(len(places), number)
        found.append((number, document))
        refuse_more_rows(len(found))
    if not found:
        raise NotATable(_("There is nothing in it."))
    columns = list(places)
    return Table(
        columns, [Row(number, [document.get(key) for key in columns]) for number, document in found], is_nested=True
    )


def looks_like_lines(text: str) -> bool:
    """Tell whether a text without a telling name begins with an object."""
    first = text.lstrip().partition("\n")[0].strip()
    if not first.startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _object(line: str, number: int) -> dict[str, Any]:
    if len(line) > 2 * CELL_CHARS:
        raise NotATable(_("Row %(row)d is too long.") % {"row": number})
    try:
        document = loads(line.encode("utf-8", "surrogatepass"), what=_("It"))
    except ParseError as error:
        raise NotATable(_("Row %(row)d: %(why)s") % {"row": number, "why": error.detail}) from None
    if not isinstance(document, dict):
        raise NotATable(_("Row %(row)d: this must be an object: {…}.") % {"row": number})
    return document
