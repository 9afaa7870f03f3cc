"""Texts too long for one cell of a spreadsheet: our exports keep them whole, in pieces, on a sheet of their own."""

import re
from collections.abc import Iterable
from typing import Final

LONG_TEXTS: Final = "Long texts"
LONG_COLUMNS: Final = ("row", "column", "piece", "text")
# How a cell ends whose text goes on there, and in which row of that sheet it begins.
MARK: Final = "… [the whole text: sheet “Long texts”, row {row}]"
MARKED: Final = re.compile(re.escape(MARK).replace(r"\{row\}", r"(\d{1,7})") + r"\Z")

Line = tuple[int, list[str]]


def with_long_texts(lines: list[Line], pieces: Iterable[Line]) -> list[Line]:
    """Put whole texts into the cells that say where theirs is, wherever the rows stand by now."""
    whole = _whole_texts(pieces)
    for _number, cells in lines:
        cells[:] = [_whole(cell, whole) for cell in cells]
    return lines


def _whole_texts(pieces: Iterable[Line]) -> dict[int, str]:
    """Return the texts by the row they begin in."""
    texts: dict[int, list[str]] = {}
    begins = 0
    for number, cells in pieces:
        if len(cells) < len(LONG_COLUMNS):
            continue
        _row, _column, piece, text, *_rest = cells
        begins = number if piece == "1" else begins
        texts.setdefault(begins, []).append(text)
    return {number: "".join(some) for number, some in texts.items()}


def _whole(cell: str, whole: dict[int, str]) -> str:
    """Return the text that a cell begins; a cell as it is where none begins so, whatever it says."""
    marked = MARKED.search(cell)
    if marked is None:
        return cell
    text = whole.get(int(marked[1]))
    return text if text and text.startswith(cell[: marked.start()]) else cell
