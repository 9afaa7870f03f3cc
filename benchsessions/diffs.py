"""What two texts have in common and what not, word by word."""

import re
from difflib import Match, SequenceMatcher
from time import monotonic
from typing import Final, NamedTuple

WORD: Final = re.compile(r"\s+|\w+|[^\w\s]")
MOST_WORDS: Final = 4_000
MOST_SECONDS: Final = 1.0


class Piece(NamedTuple):
    """A stretch of both texts (`same`), of the old one (`gone`) or of the new one (`new`)."""

    kind: str
    text: str


class TimedMatcher(SequenceMatcher[str]):
    """Stop looking for more in common when the time is up: it grows with the square of a hostile text."""

    def __init__(self, before: list[str], after: list[str], seconds: float) -> None:
        self.until = monotonic() + seconds
        super().__init__(None, before, after)

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        if monotonic() > self.until:
            return Match(alo, blo, 0)
        return super().find_longest_match(alo, ahi, blo, bhi)


def word_diff(old: str, new: str, seconds: float = MOST_SECONDS) -> list[Piece]:
    """Return the pieces that two texts are made of, the old one first where they differ.

    What is too long is cut; what was not compared in time counts as different.
    """
    before, after = WORD.findall(old)[:MOST_WORDS], WORD.findall(new)[:MOST_WORDS]
    pieces: list[Piece] = []
    for kind, i, k, m, n in TimedMatcher(before, after, seconds).get_opcodes():
        if kind == "equal":
            pieces.append(Piece("same", "".join(before[i:k])))
            continue
        if i < k:
            pieces.append(Piece("gone", "".join(before[i:k])))
        if m < n:
            pieces.append(Piece("new", "".join(after[m:n])))
    return pieces
