"""Ollama's lines, of `/api/chat` and of `/api/generate`."""

from agents.wire.events import Event, Finished, Text
from agents.wire.formats.notices import thought, tool
from agents.wire.formats.shape import Format, Frame, object_in, objects_in, text_in, without_memory
from agents.wire.usage import usage_in


def _claims(frame: Frame) -> bool:
    """Claim what has Ollama's types: others have a `done` too, and a `message` that is text."""
    has_text = isinstance(frame.get("message"), dict) or isinstance(frame.get("response"), str)
    return has_text and isinstance(frame.get("done"), bool)


def _is_certain(frame: Frame) -> bool:
    return _claims(frame) and "model" in frame


def _read(frame: Frame) -> list[Event]:
    """Read a line: a piece of a chat (`message`) or of a completion (`response`); the last one counts the tokens."""
    message = object_in(frame.get("message")) or {**frame, "content": frame.get("response")}
    events = [*thought(message.get("thinking")), Text(text_in(message.get("content")))]
    for call in objects_in(message.get("tool_calls")):
        events += tool(object_in(call.get("function")).get("name"), call.get("id"), done=True)
    return [*events, *usage_in(frame), Finished()] if frame["done"] else events


OLLAMA = Format("ollama", _claims, without_memory(_read), certain=_is_certain)
