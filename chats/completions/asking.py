"""From a request to an answer on its way: once, or as the next message of a chat."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from accounts.models import User
from agents import relay
from agents.calls import call_of
from agents.exceptions import SENTENCES
from agents.kinds import Call, Said
from agents.models import Agent, Run, RunPurpose, RunStatus
from agents.queries import agents_of
from agents.quota import Standing
from agents.relay import ledger
from agents.relay.transcript import Cursor, Ending, Piece
from chats import actions
from chats.attachments import check_taken
from chats.completions.errors import UnknownModel
from chats.completions.serializers import NEW
from chats.exceptions import NoAgent
from chats.frames import Frame, Source, read_answer
from chats.queries import own_chats
from chats.speakers import Speaker
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find
from tenants.secrets import UnreadableSecret


@dataclass(slots=True)
class Asked:
    """A question that was booked: its run, and what is kept of it: nothing, unless there is a `source` in a chat.

    A run without a chat has a `call`: it begins when its answer is first listened to, which lets go of it.
    """

    agent: Agent
    run: Run
    standing: Standing | None = None
    call: Call | None = None
    chat_id: UUID | None = None
    source: Source | None = None
    replayed: bool = False

    async def listen(self, silence: float) -> AsyncGenerator[Piece | Ending | None, None]:
        """Yield the answer piece by piece, and last how it ended.

        None is anything beside the text, and stands for each `silence` seconds without anything.
        """
        if self.source is not None:
            async for part in _read_kept(self.source, silence):
                yield part
            return
        call, self.call = self.call, None
        assert call is not None
        relay.launch(self.run, call)
        del call  # and its files: this stays as long as somebody listens
        await asyncio.sleep(0)  # it begins with the next turn of the loop
        async with relay.relay().reading(self.run.id, self.run.team_id, self.run.owner) as transcript:
            async for told in transcript.read(Cursor(self.run.id), silence=silence):
                yield told if isinstance(told, Piece) else None
            yield transcript.ending


async def _read_kept(source: Source, silence: float) -> AsyncGenerator[Piece | Ending | None, None]:
    async with aclosing(read_answer(source, source.start, silence=silence)) as frames:  # type: ignore[type-var] # it is one
        async for frame in frames:
            match frame:
                case Frame(type="message"):
                    yield Piece(frame.data["content"], frame.data.get("replace", False), Cursor.parse(frame.id))
                case Frame(type="done"):
                    yield Ending(RunStatus.COMPLETE)
                case Frame(type="error"):
                    yield Ending(RunStatus.FAILED, frame.data["code"], frame.data["message"])
                case _:
                    yield None


def model_of(user: User, model: str) -> Agent:
    """Return the agent with this id or this slug that a person may use; raise `UnknownModel` for none."""
    if "\0" in model:  # no name holds one, and PostgreSQL would not even look for it
        raise UnknownModel()
    usable = agents_of(user)
    agent = (find(usable, id=model) if _is_id(model) else None) or find(usable, slug=model)
    if agent is None:
        raise UnknownModel()
    return agent


def ask(*, user: User, agent: Agent, said: Sequence[Said], chat_id: str, key: str) -> Asked:
    """Book the question that a request asks."""
    try:
        return _ask_in_chat(user, agent, said, chat_id, key) if chat_id else _ask_once(user, agent, said)
    except IntegrityError:  # the agent was deleted just now
        raise UnknownModel() from None


def _ask_in_chat(user: User, agent: Agent, said: Sequence[Said], chat_id: str, key: str) -> Asked:
    with transaction.atomic():  # a new chat whose first question is refused is not kept
        if chat_id == NEW:
            chat = actions.create_chat(user=user, agent_id=agent.id)
        else:
            found = find(own_chats(user), id=chat_id) if _is_id(chat_id) else None
            if found is None:
                raise NotFound("There is no such chat.", errors={"metadata.chat_id": ["Unknown."]})
            if found.agent_id != agent.id:
                raise Invalid(errors={"model": ["This chat is with another agent."]})
            chat = found
        question = next(message for message in reversed(said) if message.role == "user")
        started = actions.start_answer(
            chat_id=chat.id,
            speaker=Speaker(user),
            content=question.content,
            files=[ContentFile(file.data, name=file.name) for file in question.attachments],
            idempotency_key=key,
        )
    if started.run is None:  # of a repeat, long ago
        raise NoAgent()
    source = Source.of(started.answer)
    return Asked(agent, started.run, started.standing, None, chat.id, source, started.replayed)


def _ask_once(user: User, agent: Agent, said: Sequence[Said]) -> Asked:
    check_taken(agent, [file for message in said for file in message.attachments])
    relay.check_room()
    with transaction.atomic():
        size = sum(len(message.content) for message in said)
        run, standing = ledger.book_run(agent=agent, user=user, purpose=RunPurpose.API, chars_in=size)
        try:
            call = call_of(agent, said, user=str(user), conversation_id=str(run.id), message_id=str(run.id))
        except UnreadableSecret:
            raise NoAgent(SENTENCES["agent_auth"]) from None
    return Asked(agent, run, standing, call)


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
