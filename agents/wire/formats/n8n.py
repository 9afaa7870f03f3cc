"""The lines of n8n's streaming response."""

from agents.exceptions import AgentError
from agents.wire.document import find_text
from agents.wire.events import Event, Pending, Text
from agents.wire.formats.shape import Format, Frame, without_memory
from agents.wire.jsonseq import MISSING, parse

TYPES = ("begin", "item", "end", "error")


def _is_certain(frame: Frame) -> bool:
    kind = frame.get("type")
    return kind == "keepalive" or (kind in TYPES and "metadata" in frame)


def _claims(frame: Frame) -> bool:
    return frame.get("type") in ("begin", "item", "end") or _is_certain(frame)


def _read(frame: Frame) -> list[Event]:
    """Read a line.

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


N8N = Format("n8n", _claims, without_memory(_read), certain=_is_certain)
