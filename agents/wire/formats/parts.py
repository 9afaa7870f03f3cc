"""The text of an answer that consists of several parts: messages, steps, artifacts."""

from typing import Final

from agents.wire.events import Event, Replace, Text

MAX_PARTS: Final = 1000


class Parts:
    """Parts by name, in the order of their beginning, with a blank line between two of them.

    The last one grows as text does. What goes on with an earlier one, or is taken back, makes the answer anew. It holds
    no more text than the answer has; beyond `MAX_PARTS` everything belongs to the last of them.
    """

    def __init__(self) -> None:
        self._parts: dict[str, list[str]] = {}

    @property
    def text(self) -> str:
        for pieces in self._parts.values():
            pieces[:] = ["".join(pieces)]
        return "\n\n".join(pieces[0] for pieces in self._parts.values())

    def add(self, name: str, text: str) -> list[Event]:
        """Let a part go on; without a name it is the last one."""
        if not text:
            return []
        if self._parts and name not in self._parts and (not name or len(self._parts) >= MAX_PARTS):
            name = next(reversed(self._parts))
        parting = "\n\n" if self._parts and name not in self._parts else ""
        self._parts.setdefault(name, []).append(text)
        return [Text(parting + text)] if name == next(reversed(self._parts)) else [Replace(self.text)]

    def put(self, name: str, text: str) -> list[Event]:
        """Set the whole of a part, which takes back what it was if that is not its beginning."""
        if name not in self._parts:
            return self.add(name, text)
        before = "".join(self._parts[name])
        if text and text.startswith(before):
            return self.add(name, text[len(before) :])
        self._parts[name] = [text]
        if not text:
            del self._parts[name]
        return [Replace(self.text)]
