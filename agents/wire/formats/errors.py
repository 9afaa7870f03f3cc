"""Frames that say that something went wrong, in the ways that many back ends share."""

from agents.exceptions import AgentError
from agents.wire.document import error_message
from agents.wire.events import Event, Failed
from agents.wire.formats.shape import Format, Frame, without_memory


def failed(reason: str) -> Failed:
    """Return the end of an answer whose agent says that it failed."""
    return Failed(AgentError("agent_failed", f"The agent reported an error: {reason}"))


def _claims(frame: Frame) -> bool:
    kinds = (frame.get("type"), frame.get("event"), frame.get("object"))
    return bool(frame.get("error")) or "error" in kinds or "RUN_ERROR" in kinds


def _read(frame: Frame) -> list[Event]:
    return [failed(error_message(frame))]


ERROR = Format("error", _claims, without_memory(_read))
