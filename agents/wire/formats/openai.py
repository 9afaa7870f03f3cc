"""Chat completions as OpenAI defined them, streamed or whole."""

from agents.wire.document import find_text, read_usage
from agents.wire.events import Event, Notice, Text
from agents.wire.formats.shape import Format, Frame


def _claims(frame: Frame) -> bool:
    return isinstance(frame.get("choices"), list)


def _is_certain(frame: Frame) -> bool:
    return frame.get("object") == "chat.completion.chunk"


def _read(frame: Frame) -> list[Event]:
    """Read a chunk (`delta`) or a whole completion (`message`); the chunk with the usage has no choices."""
    events: list[Event] = []
    for choice in frame["choices"][:1]:
        delta = (choice.get("delta") or choice.get("message")) if isinstance(choice, dict) else None
        if isinstance(delta, dict):
            reasoning = delta.get("reasoning_content") or delta.get("reasoning")
            if reasoning and isinstance(reasoning, str):
                events.append(Notice("reasoning", text=reasoning))
            if text := find_text(delta.get("content")):
                events.append(Text(text))
    return events + read_usage(frame)


OPENAI = Format("openai", _claims, _read, certain=_is_certain)
