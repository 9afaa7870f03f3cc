"""What asking has in common, whoever is asked: what is known of the run, and how a failure is kept."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, Protocol
from uuid import UUID

from agents.kinds.http import hidden
from agents.models import Agent
from benchsessions.answers import ANSWER_BYTES, size_of
from benchsessions.models import ItemStatus
from benchsessions.running.books import Owned, Question
from benchsessions.running.storing import Landed

MESSAGE_CHARS: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the questions of one run are asked, as it stands when a process begins.

    `portions` are the items of one call each. `url` is where they go unless an `agent` is asked. `secrets` are
    the spellings of what is hidden in whatever comes back.
    """

    owned: Owned
    portions: list[list[UUID]]
    max_concurrent: int
    in_order: bool
    is_list: bool
    seconds: float
    dialogue_id: str
    with_classify: bool
    agent: Agent | None = None
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    secrets: list[str] = field(default_factory=list, repr=False)


class Asker(Protocol):
    """Asks the questions of one call. Raises `Busy`, `Misaligned`, `RunOver`; a failure is an answer."""

    async def ask(self, questions: Sequence[Question]) -> list[Landed]: ...


class Busy(Exception):
    """Say that nobody should ask for some seconds, None if it was not said; after many tries `landed` is the end."""

    def __init__(self, seconds: float | None, landed: list[Landed]) -> None:
        self.seconds = seconds
        self.landed = landed
        super().__init__("busy")


class Misaligned(Exception):
    """Bring a reply that cannot be laid beside the questions."""

    def __init__(self, reply: Any, replaced_characters: int) -> None:
        self.reply = reply
        self.replaced_characters = replaced_characters
        super().__init__("misaligned")


def milliseconds(began: float) -> int:
    """Return how long ago a moment of `monotonic` was."""
    return round((monotonic() - began) * 1000)


def failed(
    questions: Sequence[Question | Landed],
    kind: str,
    message: str,
    *,
    secrets: Sequence[str] = (),
    http_status: int | None = None,
    elapsed_ms: int | None = None,
) -> list[Landed]:
    """Return a failure as it is kept in place of each answer: `kind` is timeout, http, auth, parse or rag."""
    status = ItemStatus.TIMEOUT if kind == "timeout" else ItemStatus.ERROR
    words = " ".join(hidden(message, secrets).replace("\0", " ").encode(errors="replace").decode().split())
    error: dict[str, Any] = {"kind": kind, "message": words[:MESSAGE_CHARS]}
    if http_status is not None:
        error["http_status"] = http_status
    return [Landed(each.item_id, {"status": status.value, "error": error}, elapsed_ms) for each in questions]


def bounded(landed: Sequence[Landed]) -> list[Landed]:
    """Return what came with an error in place of each answer that is larger than clients may send one."""
    return [_too_large(each) if size_of(each.answer) > ANSWER_BYTES else each for each in landed]


def _too_large(landed: Landed) -> Landed:
    size, most = size_of(landed.answer) // 1024, ANSWER_BYTES // 1024
    message = f"The answer is larger than {most} KB: {size} KB came."
    return failed([landed], "parse", message, elapsed_ms=landed.elapsed_ms)[0]
