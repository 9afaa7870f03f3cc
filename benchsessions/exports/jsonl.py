"""A session as JSON, an object a line; what was sent, answered and said stands in it unchanged."""

import json
from typing import Any, Final

from benchsessions.exports.rows import Row

# They end a line for some readers, though not for JSON.
LINE_ENDS: Final = {"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def lines(rows: list[Row]) -> bytes:
    """Return some rows as lines of the file."""
    return "".join(line(row.as_json()) for row in rows).encode("utf-8", "replace")


def line(value: dict[str, Any]) -> str:
    """Return an object as a line."""
    written = json.dumps(value, ensure_ascii=False)
    for end, escaped in LINE_ENDS.items():  # `translate` looks at each character, which took most of an export
        written = written.replace(end, escaped)
    return written + "\n"
