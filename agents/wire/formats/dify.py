"""The events of Dify's chat and agent applications, whose names stand inside the JSON."""

from agents.wire.events import Event, Finished, Replace, Text
from agents.wire.formats.notices import source, tool
from agents.wire.formats.shape import (
    MAX_LISTED,
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

EVENTS = (
    "message",
    "agent_message",
    "message_replace",
    "message_end",
    "agent_thought",
    "message_file",
    "workflow_started",
    "workflow_finished",
    "node_started",
    "node_finished",
)


def _claims(frame: Frame) -> bool:
    return frame.get("event") in EVENTS and ("task_id" in frame or "conversation_id" in frame or "answer" in frame)


def _read(frame: Frame) -> list[Event]:
    """Read an event; a whole answer (`response_mode` blocking) is one `message` with the metadata in it."""
    events = conversation_in(frame.get("conversation_id"))
    answer = text_in(frame.get("answer"))
    match frame["event"]:
        case "message" | "agent_message":
            return [*events, Text(answer), *_metadata(frame)]
        case "message_replace":
            return [*events, Replace(answer)]
        case "message_end":
            return [*events, *_metadata(frame), Finished()]
        case "agent_thought":
            return [*events, *_tools(frame)]
    return events


def _metadata(frame: Frame) -> list[Event]:
    metadata = object_in(frame.get("metadata"))
    sources: list[Event] = []
    for document in objects_in(metadata.get("retriever_resources")):
        sources += source(document.get("document_name"), key=document.get("document_id"))
    return [*sources, *usage_in(metadata.get("usage"))]


def _tools(thought: Frame) -> list[Event]:
    """Return the tools of a step. The thought itself is not read: the same words come as `agent_message`."""
    step, is_over = name_in(thought.get("id")), bool(thought.get("observation"))
    names = text_in(thought.get("tool")).split(";", MAX_LISTED)[:MAX_LISTED]
    return [event for name in names for event in tool(name, f"{step}:{name}", done=is_over)]


DIFY = Format("dify", _claims, without_memory(_read), certain=_claims)
