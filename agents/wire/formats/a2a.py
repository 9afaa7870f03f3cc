"""The JSON-RPC answers of A2A, versions 1.0 and 0.3, streamed or whole."""

from collections.abc import Iterator
from typing import Final

from agents.wire.document import error_message
from agents.wire.events import Event, Finished
from agents.wire.formats.errors import failed
from agents.wire.formats.notices import thought
from agents.wire.formats.parts import MAX_PARTS, Parts
from agents.wire.formats.shape import Format, Frame, Read, conversation_in, name_in, object_in, objects_in, text_in

KINDS: Final = {
    "task": "task",
    "message": "message",
    "status-update": "statusUpdate",
    "artifact-update": "artifactUpdate",
}
"""The names that version 0.3 has for what a result is, and those of version 1.0."""

FAILURES: Final = ("failed", "rejected", "canceled")
ENDS: Final = ("completed", "input-required", "auth-required")


def _claims(frame: Frame) -> bool:
    return "jsonrpc" in frame


class _Answer:
    """One answer: artifacts by their ids, and what is said with the status of the task."""

    def __init__(self) -> None:
        self._parts = Parts()

    def read(self, frame: Frame) -> Iterator[Event]:
        if frame.get("error"):
            yield failed(error_message(frame))
        kind, value = _open(object_in(frame.get("result")))
        yield from conversation_in(value.get("contextId"))
        match kind:
            case "message":
                yield from self._parts.add("message", _text(value))
                yield Finished()
            case "artifactUpdate":
                yield from self._artifact(object_in(value.get("artifact")), append=value.get("append") is True)
            case "statusUpdate":
                yield from self._status(value)
            case "task":
                for artifact in objects_in(value.get("artifacts"), MAX_PARTS):
                    yield from self._artifact(artifact, append=False)
                yield from self._status(value)

    def _artifact(self, artifact: Frame, *, append: bool) -> list[Event]:
        """Read an artifact: more of it, or the whole, which repeats what was streamed or replaces it."""
        change = self._parts.add if append else self._parts.put
        return change("artifact " + name_in(artifact.get("artifactId")), _text(artifact))

    def _status(self, value: Frame) -> list[Event]:
        """Read where the task stands: while it works its words are beside the answer, at its end they belong to it."""
        status = object_in(value.get("status"))
        state = text_in(status.get("state")).removeprefix("TASK_STATE_").lower().replace("_", "-")
        message = object_in(status.get("message"))
        words = _text(message)
        if state in FAILURES:
            return [failed(f"the task is {state}{': ' if words else ''}{words[:500]}")]
        if state in ENDS:
            said = [] if self._parts.text.endswith(words) else self._parts.add("status", words)
            return [*said, Finished()]
        said = thought(words and f"{words}\n")
        return [*said, Finished()] if value.get("final") is True else said


def _open(result: Frame) -> tuple[str, Frame]:
    """Return what a result is, by its 1.0 name, and its value."""
    if kind := KINDS.get(text_in(result.get("kind"))):
        return kind, result
    for kind in KINDS.values():
        if isinstance(result.get(kind), dict):
            return kind, result[kind]
    return "", {}


def _text(holder: Frame) -> str:
    """Return the text of a message's or an artifact's parts; files and data are none."""
    return "".join(text_in(part.get("text")) for part in objects_in(holder.get("parts"), None))


def _begin() -> Read:
    return _Answer().read


A2A = Format("a2a", _claims, _begin, certain=_claims)
