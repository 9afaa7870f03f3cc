"""One frame of a streamed answer: which format it is of, and what it says.

A format is recognised by the shape of its frames, not by what the agent was called as. To read one more format,
write its `read` function and put a `Format` at its place in `FORMATS`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from agents.exceptions import AgentError
from agents.wire.document import error_message, find_text, read_usage
from agents.wire.events import Event, Failed, Notice, Pending, Text
from agents.wire.jsonseq import MISSING, parse

Frame = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """A family of frames.

    `claims` tells a frame of this format from those of the formats below it in `FORMATS`; `certain` tells that a first
    JSON value is surely a frame, so that the answer can be shown before a second one comes.
    """

    name: str
    claims: Callable[[Frame], bool]
    read: Callable[[Frame], list[Event]]
    certain: Callable[[Frame], bool]


N8N_TYPES = ("begin", "item", "end", "error")
GENERIC_KEYS = ("content", "delta", "text", "token", "output")


def _never(frame: Frame) -> bool:
    return False


def _is_n8n(frame: Frame) -> bool:
    kind = frame.get("type")
    return kind == "keepalive" or (kind in N8N_TYPES and "metadata" in frame)


def _claimed_by_n8n(frame: Frame) -> bool:
    return frame.get("type") in ("begin", "item", "end") or _is_n8n(frame)


def _read_n8n(frame: Frame) -> list[Event]:
    """Read a line of n8n's streaming response.

    `end` closes one agent's turn, not the answer: that ends with the body. The run may go on after an `error`, whose
    `content` is often left out.
    """
    content = frame.get("content")
    if frame["type"] == "error":
        message = content if isinstance(content, str) and content else "n8n gives no reason; see its execution list"
        return [Pending(AgentError("agent_failed", f"The workflow reported an error: {message}"))]
    if frame["type"] == "item" and isinstance(content, str):
        return [Text(_unwrap(content))]
    return []


def _unwrap(content: str) -> str:
    """Return the text of a Respond to Webhook node, whose item is a whole JSON document spelt as a string."""
    if not content.startswith(("{", "[{")):
        return content
    document = parse(content)
    return (document is not MISSING and find_text(document)) or content


def _is_error(frame: Frame) -> bool:
    kinds = (frame.get("type"), frame.get("event"), frame.get("object"))
    return bool(frame.get("error")) or "error" in kinds or "RUN_ERROR" in kinds


def _read_error(frame: Frame) -> list[Event]:
    return [Failed(AgentError("agent_failed", f"The agent reported an error: {error_message(frame)}"))]


def _is_openai(frame: Frame) -> bool:
    return isinstance(frame.get("choices"), list)


def _is_openai_chunk(frame: Frame) -> bool:
    return frame.get("object") == "chat.completion.chunk"


def _read_openai(frame: Frame) -> list[Event]:
    """Read a chat completion, streamed (`delta`) or whole (`message`); the chunk with the usage has no choices."""
    events: list[Event] = []
    for choice in frame["choices"][:1]:
        delta = (choice.get("delta") or choice.get("message")) if isinstance(choice, dict) else None
        if isinstance(delta, dict):
            reasoning = delta.get("reasoning_content") or delta.get("reasoning")
            if reasoning and isinstance(reasoning, str):
                events.append(Notice("reasoning", reasoning))
            if text := find_text(delta.get("content")):
                events.append(Text(text))
    return events + read_usage(frame)


def _read_generic(frame: Frame) -> list[Event]:
    for key in GENERIC_KEYS:
        if text := find_text(frame.get(key)):
            return [Text(text)]
    return []


FORMATS = (
    Format("n8n", _claimed_by_n8n, _read_n8n, certain=_is_n8n),
    Format("error", _is_error, _read_error, certain=_never),
    Format("openai", _is_openai, _read_openai, certain=_is_openai_chunk),
    Format("generic", lambda frame: True, _read_generic, certain=_never),
)


def format_of(frame: Frame) -> Format:
    for candidate in FORMATS:
        if candidate.claims(frame):
            return candidate
    raise AssertionError("The last format claims every frame.")


def surely_frame(value: object) -> bool:
    """Tell whether a JSON value can be nothing but a frame of a stream."""
    return isinstance(value, dict) and any(candidate.certain(value) for candidate in FORMATS)
