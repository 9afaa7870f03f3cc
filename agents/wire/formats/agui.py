"""The events of AG-UI."""

from agents.wire.events import Event, Finished
from agents.wire.formats.errors import failed
from agents.wire.formats.notices import thought, thought_over, tool, tool_over
from agents.wire.formats.parts import Parts
from agents.wire.formats.shape import Format, Frame, Read, conversation_in, name_in, object_in, text_in
from agents.wire.usage import usage_in

FAMILIES = (
    "RUN_",
    "TEXT_MESSAGE_",
    "TOOL_CALL_",
    "REASONING_",
    "THINKING_",
    "STEP_",
    "STATE_",
    "MESSAGES_",
    "ACTIVITY_",
    "SUBAGENT_",
)

THOUGHTS = ("THINKING_TEXT_MESSAGE_CONTENT", "REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_CHUNK")
THOUGHT_ENDS = ("THINKING_TEXT_MESSAGE_END", "REASONING_MESSAGE_END")
TOOL_ENDS = ("TOOL_CALL_END", "TOOL_CALL_RESULT")


def _claims(frame: Frame) -> bool:
    kind = frame.get("type")
    return isinstance(kind, str) and kind.startswith(FAMILIES)


def _begin() -> Read:
    messages = Parts()

    def read(frame: Frame) -> list[Event]:
        kind = frame["type"]
        if kind in ("TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CHUNK"):
            return messages.add(name_in(frame.get("messageId")), text_in(frame.get("delta")))
        if kind in THOUGHTS:
            return thought(frame.get("delta"), frame.get("messageId"))
        if kind in THOUGHT_ENDS:
            return thought_over(frame.get("messageId"))
        if kind in ("TOOL_CALL_START", "TOOL_CALL_CHUNK"):
            return tool(frame.get("toolCallName"), frame.get("toolCallId"), done=False)
        if kind in TOOL_ENDS:
            return tool_over(frame.get("toolCallId"))
        if kind == "RUN_STARTED":
            return conversation_in(frame.get("threadId"))
        return _conclude(frame) if kind == "RUN_FINISHED" else []

    return read


def _conclude(frame: Frame) -> list[Event]:
    """Read the end of a run: complete, waiting for its person (`interrupt`), or given up."""
    if object_in(frame.get("outcome")).get("type") == "cancelled":
        return [failed("the run was cancelled")]
    return [*usage_in(frame.get("usage")), Finished()]


AGUI = Format("agui", _claims, _begin, certain=_claims)
