"""An answer that is one whole JSON document."""

import json
from typing import Any, Final

from agents.exceptions import AgentError
from agents.wire.events import Event, Failed, Text
from agents.wire.usage import usage_in

ANSWER_KEYS: Final = ("content", "output", "text", "answer", "reply", "response")
TEXT_KEYS: Final = (
    *ANSWER_KEYS,
    "message",
    "result",
    "data",
    "json",
    "choices",
    "outputs",
    "parts",
    "artifacts",
)
MAX_DEPTH: Final = 10
LONGEST_INDENTED: Final = 10_000

STARTED: Final = ("Workflow was started", "Webhook call received")
NOTHING_CAME: Final = (
    "Workflow executed successfully but the last node did not return any data",
    "Workflow executed successfully but no data was returned",
)


def find_text(value: Any, depth: int = MAX_DEPTH) -> str:
    """Return the text in a JSON value, "" if there is none.

    The texts of a list are joined by blank lines; of an object the first of `TEXT_KEYS` with any text counts.
    """
    if isinstance(value, str):
        return value
    if depth and isinstance(value, list):
        return "\n\n".join(filter(None, (find_text(item, depth - 1) for item in value)))
    if depth and isinstance(value, dict):
        for key in TEXT_KEYS:
            if text := _number(value.get(key)) or find_text(value.get(key), depth - 1):
                return text
    return ""


def read_document(value: Any) -> list[Event]:
    """Return what a whole document says: its text, its error, or itself as a code block if it has no text."""
    if error := _complaint(value):
        return [Failed(error)]
    if text := find_text(value):
        return [Text(text), *usage_in(value.get("usage") if isinstance(value, dict) else None)]
    try:
        return [] if _is_hollow(value) else [Text(f"```json\n{_spelt(value)}\n```")]
    except RecursionError:
        return [Failed(AgentError("agent_bad_json", "The agent's JSON is nested too deeply."))]


def error_message(frame: dict[str, Any]) -> str:
    """Return the words of an error object for the agent's owner, wherever its back end puts them."""
    error = frame.get("error")
    for holder in (error, frame, frame.get("data")):
        if isinstance(holder, str) and holder:
            return holder[:500]
        if isinstance(holder, dict):
            for key in ("message", "content", "detail", "errorText", "description", "text", "error"):
                if isinstance(holder.get(key), str) and holder[key]:
                    return str(holder[key])[:500]
    return "no reason was given"


def _complaint(value: Any) -> AgentError | None:
    if not isinstance(value, dict):
        return None
    message = value.get("message")
    if value.get("executionStarted") is True or message in STARTED:
        return AgentError(
            "agent_respond_immediately",
            "n8n answers before the workflow has run; set Respond to Streaming, Last node or Respond node.",
        )
    if message in NOTHING_CAME:
        return AgentError("agent_empty", f"n8n says: {message}.")
    is_error = value.get("error") or "error" in (value.get("type"), value.get("object"), value.get("event"))
    if is_error and not any(value.get(key) for key in ANSWER_KEYS if value.get("type") != "error"):
        return AgentError("agent_failed", f"The agent reported an error: {error_message(value)}")
    return None


def _is_hollow(value: Any) -> bool:
    """Tell whether a document without text was meant to hold some: `{}`, `[]`, `{"content": null}`."""
    if isinstance(value, list):
        return all(_is_hollow(item) for item in value)
    if isinstance(value, dict):
        return not value or any(key in value for key in ANSWER_KEYS)
    return value is None or value == ""


def _spelt(value: Any) -> str:
    """Return JSON for people to read; a long one on one line, since deep indents make a thousandfold of it."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) > LONGEST_INDENTED else json.dumps(value, ensure_ascii=False, indent=2)


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
