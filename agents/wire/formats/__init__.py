"""The formats of streamed answers, one module each.

A format is recognised by the shape of its frames, not by what the agent was called as. To read one more, write its
module and put its `Format` at its place in `FORMATS`: the first that claims a frame reads it.
"""

from collections.abc import Iterable

from agents.wire.document import find_text
from agents.wire.events import Event
from agents.wire.formats.a2a import A2A
from agents.wire.formats.agui import AGUI
from agents.wire.formats.dify import DIFY
from agents.wire.formats.errors import ERROR
from agents.wire.formats.flowise import FLOWISE
from agents.wire.formats.generic import GENERIC
from agents.wire.formats.langflow import LANGFLOW
from agents.wire.formats.langserve import LANGSERVE, frame_in
from agents.wire.formats.n8n import N8N
from agents.wire.formats.ollama import OLLAMA
from agents.wire.formats.openai import OPENAI
from agents.wire.formats.responses import RESPONSES
from agents.wire.formats.shape import Format, Frame, Read
from agents.wire.formats.vercel import VERCEL

FORMATS = (N8N, A2A, ERROR, OPENAI, RESPONSES, AGUI, VERCEL, DIFY, FLOWISE, LANGFLOW, LANGSERVE, OLLAMA, GENERIC)


def format_of(frame: Frame) -> Format:
    """Return the format that reads a frame."""
    for candidate in FORMATS:
        if candidate.claims(frame):
            return candidate
    raise AssertionError("The last format claims every frame.")


def surely_frame(value: object) -> bool:
    """Tell whether a JSON value can be nothing but a frame of a stream."""
    return isinstance(value, dict) and any(candidate.certain(value) for candidate in FORMATS)


class Frames:
    """The frames of one answer, read one after the other, each by its format.

    `format` names the last of a known family; an error or an unknown frame counts only as long as none came.
    `unread` is the text of the one frame that has some under a name which means text in a whole document only; where
    several have, none of them is the answer.
    """

    def __init__(self) -> None:
        self.format = ""
        self.unread: str | None = None
        self._begun: dict[str, Read] = {}

    def read(self, frame: Frame) -> Iterable[Event]:
        return self._read(format_of(frame), frame)

    def read_named(self, name: str, value: object) -> Iterable[Event] | None:
        """Read what a server-sent event holds, `None` if that is no frame."""
        known = format_of(value) if isinstance(value, dict) else GENERIC
        if known is GENERIC and (frame := frame_in(name, value)):
            return self._read(LANGSERVE, frame)
        return self._read(known, value) if isinstance(value, dict) else None

    def _read(self, known: Format, frame: Frame) -> Iterable[Event]:
        if known not in (ERROR, GENERIC) or not self.format:
            self.format = known.name
        if known.name not in self._begun:
            self._begun[known.name] = known.begin()
        events = self._begun[known.name](frame)
        if known is GENERIC and not events and self.unread != "" and (text := find_text(frame)):
            self.unread = text if self.unread is None else ""
        return events
