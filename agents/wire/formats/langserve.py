"""LangServe's stream, whose events have their names outside the JSON."""

from agents.wire.document import find_text
from agents.wire.events import Event, Finished, Text
from agents.wire.formats.notices import tool
from agents.wire.formats.shape import Format, Frame, never, object_in, objects_in, without_memory
from agents.wire.usage import usage_in

KEYS = ("content", "output", "answer", "text")


def frame_in(name: str, value: object) -> Frame | None:
    """Return a server-sent event as a frame if it can be LangServe's; one that ends the answer has no data."""
    if (name == "data" and isinstance(value, str | dict)) or (name == "metadata" and isinstance(value, dict)):
        return {"event": name, "data": value}
    return {"event": name} if name == "end" and value is None else None


def _read(frame: Frame) -> list[Event]:
    """Read an event whose data are a string, a message (`content`) or what an agent or a chain gives out."""
    data = frame.get("data")
    if frame["event"] == "end":
        return [Finished()]
    if frame["event"] == "metadata":
        return []
    if isinstance(data, str):
        return [Text(data)]
    message = object_in(data)
    tools: list[Event] = []
    for call in objects_in(message.get("tool_call_chunks")):
        tools += tool(call.get("name"), call.get("id"), done=True)
    return [Text(find_text(message, KEYS)), *tools, *usage_in(message.get("usage_metadata"))]


LANGSERVE = Format("langserve", never, without_memory(_read))
