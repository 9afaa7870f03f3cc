"""Flowise's predictions: `{"event", "data"}` in every event, the end among them."""

from agents.wire.events import Event, Finished, Notice, Text
from agents.wire.formats.errors import failed
from agents.wire.formats.shape import (
    Format,
    Frame,
    conversation_in,
    name_in,
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
    """Claim Flowise's events; Langflow has a `token` and an `end` too, whose data are objects."""
    event, data = frame.get("event"), frame.get("data")
    if event in ("token", "end"):
        return isinstance(data, str)
    return "data" in frame and (event in SILENT or event in TOLD)


def _read(frame: Frame) -> list[Event]:
    data = frame["data"]
    match frame["event"]:
        case "token":
            return [Text(data)]
        case "thinking":
            return [Notice("reasoning", text=text_in(data))]
        case "sourceDocuments":
            return list(map(_source, objects_in(data)))
        case "usedTools" | "calledTools":
            names = [text_in(tool.get("tool") or tool.get("name")) for tool in objects_in(data)]
            return [Notice("tool", key=name, title=name, done=True) for name in names if name]
        case "metadata":
            return conversation_in(object_in(data).get("chatId"))
        case "usageMetadata":
            return usage_in(data)
        case "abort":
            return [failed("the answer was ended in Flowise")]
        case "end":
            return [Finished()]
    return []


def _source(document: Frame) -> Notice:
    """Return a document as the source it is from; its pages are one."""
    metadata = object_in(document.get("metadata"))
    source = text_in(metadata.get("source")) or text_in(metadata.get("url"))
    title = text_in(metadata.get("title")) or source or text_in(metadata.get("file_name")) or "Document"
    url = source if source.startswith(("https://", "http://")) else ""
    return Notice("citation", key=name_in(source or title), title=title, url=url, done=True)


FLOWISE = Format("flowise", _claims, without_memory(_read), certain=_claims)
