"""Langflow's run events: plain JSON values with blank lines between them, whatever the content type says."""

from agents.wire.document import find_text
from agents.wire.events import Event, Finished, Text
from agents.wire.formats.shape import Format, Frame, Read, conversation_in, object_in, text_in

EVENTS = (
    "token",
    "add_message",
    "remove_message",
    "end",
    "vertices_sorted",
    "build_start",
    "build_end",
    "end_vertex",
)


def _claims(frame: Frame) -> bool:
    return frame.get("event") in EVENTS and isinstance(frame.get("data"), dict)


def _begin() -> Read:
    has_text = False

    def read(frame: Frame) -> list[Event]:
        """Read an event. `add_message` repeats a message as far as it is, the user's too; `end` the whole result.

        A model that does not stream sends no token: then the result has the answer.
        """
        nonlocal has_text
        data = frame["data"]
        if frame["event"] == "token":
            has_text = has_text or bool(data.get("chunk"))
            return [Text(text_in(data.get("chunk")))]
        if frame["event"] == "end":
            result = object_in(data.get("result"))
            told = "" if has_text else find_text(result.get("outputs"))
            return [Text(told), *conversation_in(result.get("session_id")), Finished()]
        return []

    return read


LANGFLOW = Format("langflow", _claims, _begin, certain=_claims)
