"""A session as JSON, an object a line; what was sent, answered and said stands in it unchanged."""

import json

from benchsessions.exports.rows import Row

# They end a line for some readers, though not for JSON.
LINE_ENDS = str.maketrans({"\u0085": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


def lines(rows: list[Row]) -> bytes:
    """Return some rows as lines of the file."""
    written = "".join(json.dumps(row.as_json(), ensure_ascii=False) + "\n" for row in rows)
    return written.translate(LINE_ENDS).encode("utf-8", "replace")
