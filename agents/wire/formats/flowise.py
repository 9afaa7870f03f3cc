"""Flowise's predictions: `{"event", "data"}` in every event, the end among them."""

from agents.wire.events import Event, Finished, Text
from agents.wire.formats.errors import failed
from agents.wire.formats.notices import source, thought, tool
from agents.wire.formats.shape import (
    Format,
    Frame,
    conversation_in,
    object_in,
    objects_in,
    text_in,
    without_memory,
)
from agents.wire.usage import usage_in

SILENT = (
    "start",  # repeats the first token
    "artifacts",
    "fileAnnotations",
    "agentReasoning",
    "agentFlowEvent",
    "agentFlowExecutedData",
    "nextAgent",
    "nextAgentFlow",
    "action",
    "tool",
)
TOLD = ("token", "thinking", "sourceDocuments", "usedTools", "calledTools", "metadata", "usageMetadata", "abort", "end")


def _claims(frame: Frame) -> bool:
    """Claim Flowise's events, unless their data are another's.

    Langflow has a `token` and an `end` too, whose data are objects; an `action` or a `tool` of Flowise is no text.
    """
    event, data = frame.get("event"), frame.get("data")
    if event in ("token", "end"):
        return isinstance(data, str)
    if event in ("action", "tool") and isinstance(data, str):
        return False
    return ("data" in frame and (event in SILENT or event in TOLD)) or _is_whole(frame)


def _is_whole(frame: Frame) -> bool:
    """Tell whether this is the one answer of a flow that cannot stream."""
    return isinstance(frame.get("text"), str) and "chatId" in frame and "event" not in frame


def _read(frame: Frame) -> list[Event]:
    if _is_whole(frame):
        aside = _sources(frame.get("sourceDocuments")) + _tools(frame.get("usedTools"))
        return [Text(frame["text"]), *aside, *conversation_in(frame["chatId"])]
    data = frame["data"]
    match frame["event"]:
        case "token":
            return [Text(data)]
        case "thinking":
            return thought(data)
        case "sourceDocuments":
            return _sources(data)
        case "usedTools" | "calledTools":
            return _tools(data)
        case "metadata":
            return conversation_in(object_in(data).get("chatId"))
        case "usageMetadata":
            return usage_in(data)
        case "abort":
            return [failed("the answer was ended in Flowise")]
        case "end":
            return [Finished()]
    return []


def _tools(used: object) -> list[Event]:
    names = [one.get("tool") or one.get("name") for one in objects_in(used)]
    return [event for name in names for event in tool(name, done=True)]


def _sources(documents: object) -> list[Event]:
    return [event for document in objects_in(documents) for event in _source(document)]


def _source(document: Frame) -> list[Event]:
    """Return a document as the source it is from; its pages are one."""
    metadata = object_in(document.get("metadata"))
    place = text_in(metadata.get("source")) or text_in(metadata.get("url"))
    title = text_in(metadata.get("title")) or place or text_in(metadata.get("file_name")) or "Document"
    url = place if place.startswith(("https://", "http://")) else ""
    return source(title, url, key=place)


FLOWISE = Format("flowise", _claims, without_memory(_read), certain=_claims)
