"""Frames of no known family that hold text under a usual name."""

from agents.wire.document import find_text
from agents.wire.events import Event, Text
from agents.wire.formats.shape import Format, Frame, without_memory

KEYS = ("content", "delta", "text", "token", "output")
LOOSE_KEYS = (*KEYS, "answer", "response", "reply", "message")


def holds_text(frame: Frame) -> bool:
    """Tell whether a frame has a member that is usual for text."""
    return any(key in frame for key in LOOSE_KEYS)


def _read(frame: Frame) -> list[Event]:
    """Read text under its usual names; some are that only where the frame is not said to be of some other kind."""
    told = "type" in frame or "event" in frame or "status" in frame
    text = find_text(frame, KEYS if told else LOOSE_KEYS)
    return [Text(text)] if text else []


GENERIC = Format("generic", lambda frame: True, without_memory(_read))
