"""Chat completions as OpenAI defined them, streamed or whole."""

from agents.wire.document import error_message, find_text
from agents.wire.events import Event, Text
from agents.wire.formats.errors import failed
from agents.wire.formats.notices import source, thought, tool, tool_over
from agents.wire.formats.shape import Format, Frame, Read, name_in, object_in, objects_in, text_in
from agents.wire.usage import usage_in

MAX_OPEN_TOOLS = 100


def _claims(frame: Frame) -> bool:
    return isinstance(frame.get("choices"), list)


def _is_certain(frame: Frame) -> bool:
    return frame.get("object") in ("chat.completion.chunk", "chat.completion") and _claims(frame)


def _begin() -> Read:
    open_tools: dict[str, str] = {}

    def read(frame: Frame) -> list[Event]:
        """Read a chunk (`delta`), a whole completion (`message`) or one of the older kind (`text`).

        The chunk with the usage has no choices.
        """
        events: list[Event] = []
        for choice in objects_in(frame["choices"][:1]):
            delta = object_in(choice.get("delta") or choice.get("message"))
            events += thought(delta.get("reasoning_content") or delta.get("reasoning"))
            if text := find_text(delta.get("content")) or text_in(delta.get("refusal")) or text_in(choice.get("text")):
                events.append(Text(text))
            if delta.get("tool_calls"):
                events += _tools(delta, open_tools)
            if delta.get("annotations"):
                events += _citations(delta)
            reason = choice.get("finish_reason")
            if reason == "error":
                events.append(failed(error_message(choice)))
            elif reason and open_tools:
                events += [event for key in open_tools.values() for event in tool_over(key)]
                open_tools.clear()
        return events + usage_in(frame.get("usage"))

    return read


def _tools(delta: Frame, open_tools: dict[str, str]) -> list[Event]:
    """Read the calls a model asks for. Only the first piece of a call has its id and its name."""
    events: list[Event] = []
    for call in objects_in(delta.get("tool_calls")):
        title = text_in(object_in(call.get("function")).get("name"))
        place = name_in(call.get("index")) or name_in(call.get("id"))
        if title and len(open_tools) < MAX_OPEN_TOOLS:
            open_tools[place] = key = name_in(call.get("id")) or place
            events += tool(title, key, done=False)
    return events


def _citations(delta: Frame) -> list[Event]:
    events: list[Event] = []
    for annotation in objects_in(delta.get("annotations")):
        cited = object_in(annotation.get("url_citation"))
        events += source(cited.get("title"), cited.get("url"))
    return events


OPENAI = Format("openai", _claims, _begin, certain=_is_certain)
