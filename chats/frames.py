"""An answer as a reader gets it: frames of `{type, data}` with an id that names the place in the run.

The same frames travel as server-sent events and over sockets. The first is always `status`; the last is `done` or
`error`; the `message` pieces joined are the answer, unless one says that it replaces all before.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from agents.exceptions import SENTENCES
from agents.models import RunStatus
from agents.relay import ledger, relay
from agents.relay.notices import Row
from agents.relay.transcript import Cursor, Ending, Piece, Place, Transcript
from chats.models import Message, MessageStatus
from chats.notices import description
from tenants.database import in_team
from tenants.managers import find

KEEP_ALIVE_SECONDS = 10.0  # the contract's 15 s, less what the way takes
FAILED_SENTENCE = "The agent failed."
SENTENCE_OF_CODE = {code.upper(): sentence for code, sentence in SENTENCES.items()} | {
    ledger.INTERRUPTED.error_code: ledger.INTERRUPTED.sentence
}


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of an answer; `id` is opaque to clients."""

    type: str
    data: dict[str, Any]
    id: str

    def as_json(self) -> str:
        """Return the JSON that both transports carry."""
        return json.dumps({"type": self.type, "data": self.data}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer is read: the message, its run and the process that writes it."""

    team_id: UUID
    message_id: UUID
    run_id: UUID
    owner: str
    is_live: bool

    @classmethod
    def of(cls, answer: Message) -> "Source":
        """Make a source of an answer loaded with its run."""
        assert answer.run is not None
        live = answer.status == MessageStatus.STREAMING
        return cls(answer.team_id, answer.id, answer.run.id, answer.run.owner, live)

    @property
    def start(self) -> Cursor:
        """The place before the first character."""
        return Cursor(self.run_id)


async def read_answer(source: Source, cursor: Cursor, *, silence: float) -> AsyncIterator[Frame | None]:
    """Yield an answer's frames from a place on, live; None after each `silence` seconds without any."""
    if not source.is_live:
        yield _status(cursor)
    else:
        async with relay().reading(source.run_id, source.team_id, source.owner) as transcript:
            place = transcript.place
            yield _status(cursor, place)
            async for told in transcript.read(cursor, silence=silence, place=place):
                match told:
                    case None:
                        yield None
                    case Place():
                        yield _status(cursor, told.number)
                    case Row():
                        yield _notice(told.live(), cursor)
                    case Piece():
                        cursor = told.cursor
                        yield _piece(told.text, cursor, replaces=told.replaces)
            ending = transcript.ending
        if ending is not None and not ending.elsewhere:
            yield _last(ending, cursor)
            return
    async for frame in _read_kept(source, cursor):
        yield frame


async def _read_kept(source: Source, cursor: Cursor) -> AsyncIterator[Frame]:
    """Yield what the kept message has beyond a place, and its end."""
    message = await in_team(source.team_id, find, Message.objects.all(), id=source.message_id)
    if message is None:
        yield Frame("error", {"message": "The chat was deleted.", "code": "CHAT_DELETED"}, str(cursor))
        return
    for notice in message.notices:
        yield _notice({name: value for name, value in notice.items() if name != "text"}, cursor)
    kept = Transcript(source.run_id, text=message.content, revision=message.revision)
    while piece := kept.unseen(cursor):
        cursor = piece.cursor
        yield _piece(piece.text, cursor, replaces=piece.replaces)
    yield _last(ending_of(message), cursor)


def ending_of(message: Message) -> Ending:
    """Return how a kept answer ended."""
    if message.status == MessageStatus.STREAMING:
        return ledger.INTERRUPTED
    sentence = sentence_of(message.error_code) if message.error_code else ""
    return Ending(RunStatus(message.status), message.error_code, sentence)


def sentence_of(error_code: str) -> str:
    """Return the sentence that a person is shown for an upper-case error code."""
    return SENTENCE_OF_CODE.get(error_code, FAILED_SENTENCE)


def _status(cursor: Cursor, place: int = 0) -> Frame:
    data: dict[str, Any] = {"description": "The agent is answering.", "level": "info", "done": False}
    if place:
        data |= {"description": f"You are number {place} in line.", "place": place}
    return Frame("status", data, str(cursor))


def _notice(notice: dict[str, Any], cursor: Cursor) -> Frame:
    """Tell something beside the answer; the same one comes again when it changes, and to whoever comes again."""
    data = {"description": description(notice), "level": "info", "done": notice["done"], "notice": notice}
    return Frame("status", data, str(cursor))


def _piece(text: str, cursor: Cursor, *, replaces: bool) -> Frame:
    data: dict[str, Any] = {"content": text}
    if replaces:
        data["replace"] = True
    return Frame("message", data, str(cursor))


def _last(ending: Ending, cursor: Cursor) -> Frame:
    match ending.status:
        case RunStatus.COMPLETE:
            return Frame("done", {"message": "Stream completed", "stopped": False}, str(cursor))
        case RunStatus.STOPPED:
            return Frame("done", {"message": "Stream completed", "stopped": True}, str(cursor))
        case _:
            return Frame("error", {"message": ending.sentence, "code": ending.error_code}, str(cursor))
