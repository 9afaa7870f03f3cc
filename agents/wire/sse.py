"""Server-sent events, as the WHATWG describes their interpretation."""

from typing import NamedTuple

from agents.wire.text import size


class ServerSentEvent(NamedTuple):
    name: str
    data: str


class SseParser:
    """Split text into events, from pieces cut anywhere.

    Lines end at CR, LF or CRLF and nothing else. `id` and `retry` serve reconnection, which an answer does not have,
    so they are passed over like any unknown field. Two things differ from the standard, because real agents need them:
    an event that has a name but no data is given too, and `flush` gives one that was not closed by a blank line.
    """

    def __init__(self) -> None:
        self._line: list[str] = []
        self._line_size = 0
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []
        self._data_size = 0

    @property
    def held(self) -> int:
        """Bytes of the event that is not complete yet."""
        return self._line_size + self._data_size

    def feed(self, text: str) -> list[ServerSentEvent]:
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if "\r" in text:
            self._after_cr = text.endswith("\r")
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.split("\n")
        rest = lines.pop()
        if lines and self._line:
            lines[0] = "".join(self._line) + lines[0]
            self._line.clear()
            self._line_size = 0
        if rest:
            self._line.append(rest)
            self._line_size += size(rest)
        return self._interpret(lines)

    def flush(self) -> list[ServerSentEvent]:
        """Return the last event although no blank line ended it."""
        return self.feed("\n\n")

    def _interpret(self, lines: list[str]) -> list[ServerSentEvent]:
        events = []
        for line in lines:
            if not line:
                if self._data or self._name:
                    events.append(ServerSentEvent(self._name, "\n".join(self._data)))
                    self._data = []
                    self._data_size = 0
                    self._name = ""
                continue
            field, _, value = line.partition(":")
            if field == "data":
                value = value.removeprefix(" ")
                self._data.append(value)
                self._data_size += size(value) + 1
            elif field == "event":
                self._name = value.removeprefix(" ")
        return events
