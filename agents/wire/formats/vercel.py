"""The UI message stream (v1) of Vercel's AI SDK."""

from agents.wire.events import Event, Finished
from agents.wire.formats.errors import failed
from agents.wire.formats.generic import holds_text
from agents.wire.formats.notices import source, thought, thought_over, tool, tool_over
from agents.wire.formats.parts import Parts
from agents.wire.formats.shape import Format, Frame, Read, object_in, text_in
from agents.wire.usage import usage_in

FAMILIES = ("tool-", "data-")
TYPES = (
    *("text-start", "text-delta", "text-end", "source-url", "source-document"),
    *("reasoning-start", "reasoning-delta", "reasoning-end", "reasoning-file"),
)
COMMON = ("start", "start-step", "finish-step", "reset-step", "finish", "abort", "file", "message-metadata", "custom")
TOOL_STARTS = ("tool-input-start", "tool-input-available")
TOOL_ENDS = ("tool-output-available", "tool-output-error", "tool-output-denied", "tool-input-error")


def _claims(frame: Frame) -> bool:
    """Claim the stream's types, except for words that another's frame with text may have for its own."""
    kind = frame.get("type")
    if not isinstance(kind, str):
        return False
    if kind in TYPES or kind.startswith(FAMILIES):
        return True
    return kind in COMMON and not holds_text(frame)


def _begin() -> Read:
    steps, step = Parts(), 0

    def read(frame: Frame) -> list[Event]:
        """Read a part; text after a new step stands by itself, within a step it goes on whatever its `id`."""
        nonlocal step
        kind = frame["type"]
        if kind == "start-step":
            step += 1
        elif kind == "text-delta":
            return steps.add(str(step), text_in(frame.get("delta")))
        elif kind == "reset-step":
            return steps.put(str(step), "")
        elif kind == "finish":
            return [*_usage(frame), _ending(frame)]
        elif kind == "abort":
            return [failed(f"the answer was aborted: {text_in(frame.get('reason'))[:500] or 'no reason was given'}")]
        elif kind == "message-metadata":
            return _usage(frame)
        return _notices(kind, frame)

    return read


def _notices(kind: str, frame: Frame) -> list[Event]:
    call = frame.get("toolCallId")
    if kind == "reasoning-delta":
        return thought(frame.get("delta"), frame.get("id"))
    if kind == "reasoning-end":
        return thought_over(frame.get("id"))
    if kind in TOOL_STARTS:
        return tool(frame.get("title") or frame.get("toolName"), call, done=False)
    if kind in TOOL_ENDS and frame.get("preliminary") is not True:
        return tool_over(call)
    if kind in ("source-url", "source-document"):
        return source(frame.get("title") or frame.get("filename"), frame.get("url"), frame.get("sourceId"))
    return []


def _ending(frame: Frame) -> Event:
    return failed("its model failed") if frame.get("finishReason") == "error" else Finished()


def _usage(frame: Frame) -> list[Event]:
    metadata = object_in(frame.get("messageMetadata"))
    return usage_in(metadata.get("totalUsage") or metadata.get("usage"))


VERCEL = Format("vercel", _claims, _begin, certain=_claims)
