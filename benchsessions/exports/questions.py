"""A version of a question set as a file that comes back as the same questions."""

from collections.abc import Sequence
from typing import Final

from benchsessions.exports import jsonl
from benchsessions.exports.streams import FileFormat
from benchsessions.exports.xlsx import workbook
from benchsessions.models import Question
from benchsessions.tables.cells import joined
from benchsessions.tables.questions import READ_FROM
from tenants.spreadsheets import BYTE_ORDER_MARK, csv_text

SHEET: Final = "Questions"
COLUMNS: Final = tuple(READ_FROM.values())


def written(questions: Sequence[Question], file_format: FileFormat, separator: str) -> bytes:
    """Return questions as a file."""
    if file_format == FileFormat.JSONL:
        return "".join(jsonl.line(_values(one)) for one in questions).encode()
    rows = [[_cell(value) for value in _values(one).values()] for one in questions]
    if file_format == FileFormat.CSV:
        return (BYTE_ORDER_MARK + csv_text([COLUMNS, *rows], separator)).encode()
    return workbook(SHEET, COLUMNS, rows)


def _values(question: Question) -> dict[str, object]:
    return {str(column): getattr(question, name) for name, column in READ_FROM.items()}


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return joined(value) if isinstance(value, list) else str(value)
