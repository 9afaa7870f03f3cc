"""Reading what a RAG service answered, without ever changing it.

An answer is an open object: known keys are read, the rest is kept. A response is a list of answers, bare or under a
known key of an object.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from agents.wire.document import find_text
from benchsessions.models import ItemStatus
from benchsessions.questions import question_key, text_of_request

LIST_KEYS: Final = ("answers", "responses")
TEXT_KEYS: Final = ("body", "answer", "text", "content", "message", "result", "output")
DOCUMENT_KEYS: Final = ("docs", "documents", "sources", "context")
LONGEST_MS: Final = 2**31 - 1
ANSWER_BYTES: Final = 256 * 1024
# The columns of a question that hold its answer and what was read from it.
ANSWERED: Final = (
    *("answer", "answer_position", "answer_hash", "answered_at"),
    *("status", "elapsed_ms", "is_changed", "is_due"),
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stood around a list of answers; `key` is None for a bare list."""

    key: str | None
    rest: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"key": self.key, "rest": self.rest}

    def around(self, answers: list[Any]) -> Any:
        """Return the response as it was sent."""
        return answers if self.key is None else {**self.rest, self.key: answers}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read from one answer."""

    status: ItemStatus
    text: str
    elapsed_ms: int | None
    documents: list[Any]
    error: Any

    @property
    def hash(self) -> str:
        """The hash of the answer's text; empty for none."""
        return hashlib.sha256(self.text.encode("utf-8", "replace")).hexdigest() if self.text else ""


def take_apart(response: Any) -> tuple[Frame, list[Any]] | None:
    """Return the answers in a response and what stands around them; None for one that holds no list."""
    if isinstance(response, list):
        return Frame(None, {}), response
    if isinstance(response, dict):
        for key in LIST_KEYS:
            if isinstance(response.get(key), list):
                return Frame(key, {name: value for name, value in response.items() if name != key}), response[key]
    return None


def places_of(answers: Sequence[Any], questions: Sequence[str]) -> list[int] | None:
    """Return for each answer the index of its question; None where that cannot be known.

    By `index` where every answer has one, else by the question that each repeats, else by order if there are as many
    answers as questions. Indexes that contradict each other are no order. Nothing is ever shifted to make it fit.
    """
    indexes = [answer.get("index") if isinstance(answer, dict) else None for answer in answers]
    are_indexed = all(type(index) is int for index in indexes)
    in_order = list(range(len(questions))) if len(answers) == len(questions) and not are_indexed else None
    return _by_index(indexes, len(questions)) or _by_echo(answers, questions) or in_order


def read_answer(answer: Any) -> Reading:
    """Return what one answer says; it may be of any shape."""
    if answer is None:
        return Reading(ItemStatus.MISSING, "", None, [], None)
    known = answer if isinstance(answer, dict) else {}
    text = find_text(answer, TEXT_KEYS)
    error = known.get("error")
    documents: list[Any] = next((known[key] for key in DOCUMENT_KEYS if isinstance(known.get(key), list)), [])
    return Reading(_status(known, error), text, _milliseconds(known.get("elapsed_ms")), documents, error)


def size_of(value: Any) -> int:
    """Return how many bytes a JSON value takes, to be compared with limits like `ANSWER_BYTES`."""
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def _status(known: dict[str, Any], error: Any) -> ItemStatus:
    said = known.get("status")
    if isinstance(said, str) and said.lower() in ItemStatus.values:
        return ItemStatus(said.lower())
    return ItemStatus.ERROR if error else ItemStatus.OK


def _milliseconds(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(value) if is_number and 0 <= value <= LONGEST_MS else None


def _by_index(indexes: Sequence[Any], count: int) -> list[int] | None:
    places = [index for index in indexes if type(index) is int and 0 <= index < count]
    return places if len(set(places)) == len(indexes) else None


def _by_echo(answers: Sequence[Any], questions: Sequence[str]) -> list[int] | None:
    """Lay answers beside the questions they repeat; of equal questions the first that is free."""
    free: dict[str, list[int]] = {}
    for index in range(len(questions) - 1, -1, -1):
        free.setdefault(question_key(questions[index]), []).append(index)
    places = []
    for answer in answers:
        echoed = text_of_request(answer.get("question")) if isinstance(answer, dict) else ""
        matching = free.get(question_key(echoed)) if echoed else None
        if not matching:
            return None
        places.append(matching.pop())
    return places
