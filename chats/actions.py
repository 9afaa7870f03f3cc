"""Every write to chats."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import User
from accounts.names import in_print
from agents import relay
from agents.calls import call_of
from agents.models import Run
from agents.queries import agents_of, may_use
from agents.quota import Standing
from agents.relay import ledger
from chats import attachments, events
from chats.exceptions import (
    EmptyMessage,
    IdempotencyMismatch,
    MessageTooLong,
    NoAgent,
    NothingToRetry,
    RunInProgress,
    UnknownAgent,
)
from chats.history import messages_and_whether_files, said_in
from chats.models import Attachment, Chat, IdempotencyKey, Message, MessageRole, MessageStatus
from chats.queries import last_answer
from chats.speakers import Saying, Speaker
from tenants.exceptions import NotFound
from tenants.managers import find
from tenants.secrets import UnreadableSecret

logger = logging.getLogger(__name__)
TITLE_CHARS = 60
KEY_LIFE = timedelta(hours=24)
CHANGEABLE = ("title", "is_archived", "metadata")


@dataclass(frozen=True, slots=True)
class Started:
    """An answer that is on its way, or, replayed, the one that an earlier call with the same key began.

    `standing` is where a new call leaves a person with limits.
    """

    answer: Message
    run: Run | None
    replayed: bool = False
    standing: Standing | None = None


def create_chat(*, user: User, agent_id: UUID, title: str = "", metadata: dict[str, Any] | None = None) -> Chat:
    """Begin a chat with an active agent that the person may use; raise `UnknownAgent` on any other."""
    agent = find(agents_of(user), id=agent_id)
    if agent is None:
        raise UnknownAgent()
    try:
        with transaction.atomic():
            return Chat.objects.create(user=user, agent=agent, title=title, metadata=metadata or {})
    except IntegrityError:  # the agent was deleted just now
        raise UnknownAgent() from None


@transaction.atomic
def update_chat(*, chat: Chat, **changes: Any) -> Chat:
    """Change title, archive flag or metadata, nothing else; tell the open pages."""
    given = {field: value for field, value in changes.items() if field in CHANGEABLE}
    if not Chat.objects.filter(id=chat.id).update(**given, updated_at=timezone.now()):
        raise NotFound()
    chat.refresh_from_db()
    events.chat_changed(chat)
    return chat


def delete_chat(*, chat: Chat) -> None:
    """Delete a chat with all that was said in it; a running answer is stopped first.

    Raises `RunInProgress` when somebody began yet another answer meanwhile. Call it outside of a transaction.
    """
    stop_answer(chat=chat)
    with transaction.atomic():
        locked = find(Chat.objects.select_for_update(), id=chat.id)
        if locked is None:
            raise NotFound()
        if Message.objects.filter(chat=locked, status=MessageStatus.STREAMING).exists():
            raise RunInProgress()
        events.chat_deleted(locked)
        locked.delete()


def start_answer(
    *,
    chat_id: UUID,
    speaker: Speaker,
    content: str = "",
    files: Sequence[attachments.Upload] = (),
    idempotency_key: str = "",
) -> Started:
    """Keep what somebody said in a chat, with its files, and start the agent's answer.

    Question, empty answer and run are committed together before a byte is sent to the agent. An idempotency key is
    a person's, not a guest's. Raises `NotFound` or `ReadOnly` for a chat that they may not speak in, `RunInProgress`
    while an answer is being written, `IdempotencyMismatch` for a key used with another content, and what
    `chats.attachments` has against a file.
    """
    if not content.strip() and not files:
        raise EmptyMessage()
    if len(content) > settings.MAX_MESSAGE_CHARS:
        raise MessageTooLong()
    saying = Saying(content, attachments.read_files(files))
    with _locked(chat_id, speaker) as chat:
        if earlier := _earlier(chat, speaker.user, idempotency_key, saying):
            return earlier
        started = _begin(chat, speaker, saying)
        _remember(started.answer, speaker.user, idempotency_key, saying)
    return started


def retry_answer(*, chat_id: UUID, user: User) -> Started:
    """Ask the agent again after an answer that did not end well; raises `NothingToRetry` if it did."""
    speaker = Speaker(user)
    with _locked(chat_id, speaker) as chat:
        return _begin(chat, speaker, None)


def stop_answer(*, chat: Chat) -> bool:
    """Stop the answer being written, keep what has come; False if there is none."""
    answer = last_answer(chat)
    if answer is None or answer.run is None or answer.status != MessageStatus.STREAMING:
        return False
    relay.stop(answer.run)
    return True


@contextmanager
def _locked(chat_id: UUID, speaker: Speaker) -> Iterator[Chat]:
    """Hold a chat that somebody speaks in: whoever else writes to it waits until the transaction has ended."""
    try:
        with transaction.atomic():
            chats = speaker.chats.select_for_update(of=("self",)).select_related("agent", "user__tier")
            chat = find(chats, id=chat_id)
            if chat is None:
                raise NotFound()
            speaker.check_may_speak(chat)  # asked once the chat is held: who is put out while they wait stays out
            yield chat
    except IntegrityError as error:  # a live answer that the lock did not keep out, or an agent deleted just now
        raise RunInProgress() if "unique" in str(error).lower() else NoAgent() from error


def _begin(chat: Chat, speaker: Speaker, saying: Saying | None) -> Started:
    """Book a run and its empty answer; start it once they are committed. Without a saying the last is tried again."""
    messages = list(messages_and_whether_files(chat))
    if any(message.status == MessageStatus.STREAMING for message in messages):
        raise RunInProgress()
    if saying is None and (not messages or messages[-1].status == MessageStatus.COMPLETE):
        raise NothingToRetry()
    user = speaker.charged(chat)
    if chat.agent is None or not may_use(user, chat.agent):
        raise NoAgent()
    relay.check_room()
    added = []
    had_title = bool(chat.title)
    files = saying.files if saying else ()
    attachments.check_taken(chat.agent, files)
    if saying is not None:
        said = {"author": speaker.user, "guest_id": speaker.guest_id, "guest_name": speaker.guest_name}
        added.append(Message(chat=chat, role=MessageRole.USER, content=saying.content, **said))
        chat.title = chat.title or _title_from(saying)
    history = said_in(chat, messages, added, files)
    size = sum(len(message.content) for message in history)
    run, standing = ledger.book_run(agent=chat.agent, user=user, purpose=speaker.purpose, chars_in=size)
    answer = Message(chat=chat, role=MessageRole.ASSISTANT, run=run, status=MessageStatus.STREAMING)
    for position, message in enumerate([*added, answer], start=messages[-1].position + 1 if messages else 1):
        message.position = position
    Message.objects.bulk_create([*added, answer])
    if files:
        Attachment.objects.bulk_create(attachments.rows_of(added[0], files))
    chat.updated_at = timezone.now()
    chat.save(update_fields=["title", "updated_at"])
    try:
        call = call_of(
            chat.agent,
            history,
            user=str(chat.user),  # whoever speaks: to the agent one conversation has one person
            conversation_id=str(chat.id),
            message_id=str(answer.id),
            their_conversation_id=chat.conversation_id,
        )
    except UnreadableSecret:
        logger.exception("The token of agent %s cannot be read.", chat.agent.id)
        raise NoAgent() from None
    # Before anything is told: a client that leaves in that moment interrupts the telling, never the run.
    transaction.on_commit(lambda: relay.launch(run, call))
    if chat.title and not had_title:
        events.chat_changed(chat)
    events.answer_started(chat, [message.id for message in [*added, answer]])
    return Started(answer, run, standing=standing)


def _title_from(saying: Saying) -> str:
    line = in_print(" ".join(saying.content.split())).strip() or in_print(saying.files[0].name if saying.files else "")
    return line if len(line) <= TITLE_CHARS else line[: TITLE_CHARS - 1].rstrip() + "…"


def _earlier(chat: Chat, user: User | None, key: str, saying: Saying) -> Started | None:
    """Return the answer that this key began in the last 24 hours."""
    if not key or user is None:
        return None
    known = find(IdempotencyKey.objects.select_related("answer__run"), user=user, chat=chat, key=key)
    if known is None or known.created_at < timezone.now() - KEY_LIFE:
        return None
    if known.content_hash != saying.hash:
        raise IdempotencyMismatch()
    return Started(known.answer, known.answer.run, replayed=True)


def _remember(answer: Message, user: User | None, key: str, saying: Saying) -> None:
    if not key or user is None:
        return
    IdempotencyKey.objects.filter(user=user, chat=answer.chat, created_at__lt=timezone.now() - KEY_LIFE).delete()
    IdempotencyKey.objects.create(user=user, chat=answer.chat, answer=answer, key=key, content_hash=saying.hash)
