"""Workbooks, and what becomes of them in bad hands."""

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook


def workbook(*rows: Sequence[Any]) -> bytes:
    """Return an XLSX with one sheet of rows."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def tampered(data: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return an XLSX with one of its parts changed."""
    written = BytesIO()
    with ZipFile(BytesIO(data)) as source, ZipFile(written, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content) if name.endswith(part) else content)
    return written.getvalue()
