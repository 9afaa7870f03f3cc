"""What a reader may be shown of a growing text: up to a stop sequence, and nothing that would be taken back."""

from collections.abc import Sequence

from agents.relay.transcript import Piece
from chats.completions.errors import TakenBack


class Shown:
    """Text that was shown, and the end of it that is held back as long as it may begin a stop sequence."""

    def __init__(self, stops: Sequence[str], *, may_change: bool) -> None:
        self.stops = stops
        self.may_change = may_change
        self.met_stop = False
        self._shown: list[str] = []
        self._held = ""
        self._again = ""  # what was shown and has to come once more, after the text was replaced

    @property
    def text(self) -> str:
        return "".join(self._shown)

    def take(self, piece: Piece) -> str:
        """Return what may be shown now; raise `TakenBack` where what was shown turns out to be void."""
        if piece.replaces:
            self._again = "" if self.may_change else self.text
            self._held = ""
            if self.may_change:
                self._shown.clear()
        return self._show(self._held + self._beyond_again(piece.text), whole=False)

    def rest(self) -> str:
        """Return what was held back, once the answer has ended."""
        if self._again:
            raise TakenBack()
        return self._show(self._held, whole=True)

    def _beyond_again(self, text: str) -> str:
        count = min(len(text), len(self._again))
        if text[:count] != self._again[:count]:
            raise TakenBack()
        self._again = self._again[count:]
        return text[count:]

    def _show(self, text: str, *, whole: bool) -> str:
        # The one that is complete first ends the text, so that it does not matter in which pieces the text came.
        met = [(place + len(stop), place) for stop in self.stops if (place := text.find(stop)) >= 0]
        self.met_stop = bool(met)
        end = min(met)[1] if met else len(text) if whole else len(text) - self._beginning_of_stop(text)
        self._held = "" if self.met_stop else text[end:]
        self._shown.append(text[:end])
        return text[:end]

    def _beginning_of_stop(self, text: str) -> int:
        """Return how many of the last characters may be the beginning of a stop sequence."""
        longest = max(map(len, self.stops), default=1) - 1
        ends = range(min(longest, len(text)), 0, -1)
        return next((size for size in ends if any(stop.startswith(text[-size:]) for stop in self.stops)), 0)
