"""The events of OpenAI's Responses, which proxies and workflows pass on."""

from agents.wire.document import error_message
from agents.wire.events import Event, Finished
from agents.wire.formats.errors import failed
from agents.wire.formats.notices import source, thought, tool
from agents.wire.formats.parts import Parts
from agents.wire.formats.shape import Format, Frame, Read, name_in, object_in, text_in
from agents.wire.usage import usage_in

TEXTS = ("response.output_text.delta", "response.refusal.delta")
THOUGHTS = ("response.reasoning_text.delta", "response.reasoning_summary_text.delta")
ITEMS = ("response.output_item.added", "response.output_item.done")
CITATION = "response.output_text.annotation.added"
ENDS = ("response.completed", "response.incomplete")


def _claims(frame: Frame) -> bool:
    kind = frame.get("type")
    return isinstance(kind, str) and kind.startswith("response.")


def _begin() -> Read:
    messages = Parts()

    def read(frame: Frame) -> list[Event]:
        """Read an event; those that repeat what was streamed (`….done`) say nothing new."""
        kind, item = frame["type"], name_in(frame.get("item_id"))
        if kind in TEXTS:
            return messages.add(item, text_in(frame.get("delta")))
        if kind in THOUGHTS:
            return thought(frame.get("delta"), item)
        if kind in ITEMS:
            return _tool(object_in(frame.get("item")), done=kind.endswith("done"))
        if kind == CITATION:
            cited = object_in(frame.get("annotation"))
            return source(cited.get("title") or cited.get("filename"), cited.get("url"))
        response = object_in(frame.get("response"))
        if kind in ENDS:
            return [*usage_in(response.get("usage")), Finished()]
        return [failed(error_message(response))] if kind == "response.failed" else []

    return read


def _tool(item: Frame, *, done: bool) -> list[Event]:
    """Return the notice of a call (`function_call`, `web_search_call`); other items are the answer's own."""
    kind = text_in(item.get("type"))
    if not kind.endswith("_call"):
        return []
    title = text_in(item.get("name")) or kind.removesuffix("_call").replace("_", " ")
    return tool(title, item.get("id"), done=done)


RESPONSES = Format("responses", _claims, _begin, certain=_claims)
