"""A session as CSV."""

from benchsessions.exports.rows import COLUMNS, Row
from tenants.spreadsheets import BYTE_ORDER_MARK, csv_text


def head(separator: str) -> bytes:
    """Return how the file begins."""
    return (BYTE_ORDER_MARK + csv_text([COLUMNS], separator)).encode()


def lines(rows: list[Row], separator: str) -> bytes:
    """Return some rows as lines of the file."""
    return csv_text((row.cells() for row in rows), separator).encode("utf-8", "replace")
