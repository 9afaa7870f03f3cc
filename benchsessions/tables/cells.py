"""What is written into one cell and read from it again, both ways in one place."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, Final

# The first of these that stands in a cell parts it.
SEPARATORS: Final = ("\n", "|", ";")
# As many as of anything may be, or more. What has more is refused; of a large table all of them would take gigabytes.
MOST_PARTS: Final = 100
BETWEEN: Final = " · "
YES: Final = frozenset({"1", "true", "yes", "y", "да", "истина", "+"})
NO: Final = frozenset({"0", "false", "no", "n", "нет", "ложь", "-"})
ADDRESS: Final = re.compile(r"https?://\S+")
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?")


def parts_of(cell: str) -> list[str]:
    """Return the several values in one cell, parted by lines, else by `|`, else by `;`; not all that are too many."""
    separator = next((one for one in SEPARATORS if one in cell), "\n")
    parts: dict[str, None] = {}
    for found in re.finditer(rf"[^{re.escape(separator)}]+", cell):
        if part := found[0].strip():
            parts[part] = None
        if len(parts) > MOST_PARTS:
            break
    return list(parts)


def is_json(cell: Any) -> bool:
    """Tell whether a cell looks like the JSON of a list or an object."""
    return isinstance(cell, str) and cell.lstrip().startswith(("{", "["))


def joined(values: Iterable[Any]) -> str:
    """Return several values as one cell that `parts_of` reads again."""
    texts = [" ".join(str(value).split()) for value in values]
    if any("|" in text or ";" in text for text in texts):
        return "\n".join([*texts, ""])
    return "; ".join(texts)


def truth_of(cell: str) -> bool | None:
    """Return whether a cell says yes or no, None where it says neither."""
    said = cell.strip().casefold()
    return True if said in YES else False if said in NO else None


def documents_text(documents: Sequence[Any]) -> str:
    """Return the documents of an answer as lines of title, address and score."""
    return "\n".join(_document_text(document) for document in documents)


def documents_of(cell: str) -> list[dict[str, Any]]:
    """Return the documents that such lines name; not all that are too many."""
    lines = filter(None, map(str.strip, cell.split("\n")))
    return [_document_of(line) for line in islice(lines, MOST_PARTS + 1)]


def _document_text(document: Any) -> str:
    if not isinstance(document, dict):
        return " ".join(str(document).split())
    title = next((document[key] for key in ("title", "name", "id", "doc_id") if document.get(key)), "")
    parts = [title, document.get("url"), document.get("score")]
    return BETWEEN.join(" ".join(str(part).split()) for part in parts if part not in (None, ""))


def _document_of(line: str) -> dict[str, Any]:
    document: dict[str, Any] = {}
    parts = line.split(BETWEEN)
    if len(parts) > 1 and NUMBER.fullmatch(parts[-1]):
        document["score"] = float(parts.pop())
    if len(parts) > 1 and ADDRESS.fullmatch(parts[-1]):
        document["url"] = parts.pop()
    return {"title": BETWEEN.join(parts), **document}
