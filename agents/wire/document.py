"""An answer that is one whole JSON document."""

import json
from collections.abc import Iterable, Iterator
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
HOLDERS: Final = (list, dict)
MAX_DEPTH: Final = 10
# How many lists and objects are looked through for text: more of them would hold up everybody else's answers.
MAX_LOOKED_AT: Final = 10_000
LONGEST_INDENTED: Final = 10_000

STARTED: Final = ("Workflow was started", "Webhook call received")
NOTHING_CAME: Final = (
    "Workflow executed successfully but the last node did not return any data",
    "Workflow executed successfully but no data was returned",
)


def find_text(value: Any, keys: Iterable[str] = TEXT_KEYS) -> str:
    """Return the text in a JSON value, "" if there is none among the first `MAX_LOOKED_AT` lists and objects.

    The texts of a list are joined by blank lines; of an object the first of `keys` with any text counts, of one inside
    it the first of `TEXT_KEYS`.
    """
    return value if isinstance(value, str) else _Search().text_in(value, keys, MAX_DEPTH)


class _Search:
    """One look for text, which gets slower with every list and object and not with what else they hold."""

    def __init__(self) -> None:
        self._left = MAX_LOOKED_AT

    def text_in(self, value: Any, keys: Iterable[str], depth: int) -> str:
        if isinstance(value, str):
            return value
        if not isinstance(value, HOLDERS) or not (value and depth and self._left):
            return ""
        self._left -= 1
        if isinstance(value, list):
            return "\n\n".join(self._texts(value, depth - 1))
        for key in keys:
            if key in value and (text := _number(value[key]) or self.text_in(value[key], TEXT_KEYS, depth - 1)):
                return text
        return ""

    def _texts(self, items: list[Any], depth: int) -> Iterator[str]:
        for item in items:
            if isinstance(item, str):
                text = item
            elif item and isinstance(item, HOLDERS) and self._left:
                text = self.text_in(item, TEXT_KEYS, depth)
            else:
                continue
            if text:
                yield text


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
    values = [value]
    for _ in range(MAX_LOOKED_AT):
        if not values:
            break
        value = values.pop()
        if isinstance(value, list):
            values += value
        elif isinstance(value, dict):
            if value and not any(key in value for key in ANSWER_KEYS):
                return False
        elif value is not None and value != "":
            return False
    return True


def _spelt(value: Any) -> str:
    """Return JSON for people to read; a long one on one line, since deep indents make a thousandfold of it."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) > LONGEST_INDENTED else json.dumps(value, ensure_ascii=False, indent=2)


def _number(value: Any) -> str:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
