"""Frames of no known family that hold text under a usual name."""

from agents.wire.document import find_text
from agents.wire.events import Event, Text
from agents.wire.formats.shape import Format, Frame, without_memory

KEYS = ("content", "delta", "text", "token", "output")


def _read(frame: Frame) -> list[Event]:
    for key in KEYS:
        if text := find_text(frame.get(key)):
            return [Text(text)]
    return []


GENERIC = Format("generic", lambda frame: True, without_memory(_read))
