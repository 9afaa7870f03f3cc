"""What two texts have in common and what not, word by word."""

import re
from difflib import SequenceMatcher
from typing import Final, NamedTuple

WORD: Final = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS: Final = 4_000  # SequenceMatcher's time grows with the square of a hostile text


class Piece(NamedTuple):
    """A stretch of both texts (`same`), of the old one (`gone`) or of the new one (`new`)."""

    kind: str
    text: str


def word_diff(old: str, new: str) -> list[Piece]:
    """Return the pieces that two texts are made of, the old one first where they differ; what is too long is cut."""
    before, after = WORD.findall(old)[:MOST_WORDS], WORD.findall(new)[:MOST_WORDS]
    pieces: list[Piece] = []
    for kind, i, k, m, n in SequenceMatcher(None, before, after).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(before[i:k])))
            continue
        if i < k:
            pieces.append(Piece("gone", "".join(before[i:k])))
        if m < n:
            pieces.append(Piece("new", "".join(after[m:n])))
    return pieces
