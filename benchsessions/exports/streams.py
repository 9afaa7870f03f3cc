"""A session handed out as a file while it is read: no more of it is in memory than some rows."""

import asyncio
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from django.db.models import TextChoices

from benchsessions.exports import csv, jsonl
from benchsessions.exports.rows import COLUMNS, Row, chunks
from benchsessions.exports.xlsx import Book
from benchsessions.models import Analyst, BenchSession
from tenants.spreadsheets import CONTENT_TYPE as CSV_TYPE
from tenants.threads import let_go_of_request_thread

PIECE: Final = 64 * 1024
ANSWERS: Final = "Answers"


class FileFormat(TextChoices):
    """What a session is written as."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "XLSX"
    JSONL = "jsonl", "JSON Lines"


CONTENT_TYPES: Final = {
    FileFormat.CSV: CSV_TYPE,
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.JSONL: "application/jsonl; charset=utf-8",
}


def stream(
    session: BenchSession, viewer: Analyst, file_format: FileFormat, *, name: str, search: str, separator: str
) -> AsyncIterator[bytes]:
    """Yield a session as a file, as far as somebody may see it: the questions of a filter that hold a text.

    It runs outside of the request; each piece is read in the scope of the viewer's team and written in a thread.
    """
    rows = chunks(session, viewer, name, search)
    if file_format == FileFormat.XLSX:
        return _workbook(rows)
    if file_format == FileFormat.JSONL:
        return _written(rows, jsonl.lines)
    return _written(rows, partial(csv.lines, separator=separator), head=csv.head(separator))


async def _written(
    rows: AsyncIterator[list[Row]], write: Callable[[list[Row]], bytes], head: bytes = b""
) -> AsyncIterator[bytes]:
    let_go_of_request_thread()
    yield head
    async for some in rows:
        yield await asyncio.to_thread(write, some)


async def _workbook(rows: AsyncIterator[list[Row]]) -> AsyncIterator[bytes]:
    """Put the whole workbook together, then hand it out."""
    let_go_of_request_thread()
    book = Book(ANSWERS, COLUMNS)
    try:
        async for some in rows:
            await asyncio.to_thread(book.add, (row.cells() for row in some))
        await asyncio.to_thread(book.finish)
        while piece := await asyncio.to_thread(book.read, PIECE):
            yield piece
    finally:  # nothing may be waited for here, and a thread may still be writing for somebody who went away
        asyncio.get_running_loop().run_in_executor(None, book.close)
