"""Copying what visitors of a link see into a chat of one's own: the one place that stands in two teams, in turn."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.models import User
from chats.actions import create_chat
from chats.members import mark_read
from chats.models import GUEST_NAME_CHARS, Chat, Message, MessageRole, MessageStatus
from sharing.exceptions import ForkNotAllowed, ShareGone
from sharing.models import Share
from sharing.queries import shown_messages
from sharing.shown import author_of
from tenants.scope import tenant_scope


@dataclass(frozen=True, slots=True)
class _Said:
    """One thing said, freed from its rows: text and a name, nothing that leads back into its team."""

    role: str
    content: str
    timestamp: datetime
    speaker: str


def copy_conversation(share: Share, user: User, agent_id: UUID) -> Chat:
    """Copy what visitors see into a new chat of a person, in their team, with an agent that they may use.

    Only finished texts come along, each question under the name that visitors know its speaker by, so that the copy
    never claims that its owner said it. Whoever calls made sure that the person holds a place in the room. Raises
    `ForkNotAllowed`, `ShareGone`, `UnknownAgent`.
    """
    if share.ending is not None:
        raise ShareGone(share.ending.label)
    if not share.can_fork:
        raise ForkNotAllowed()
    with tenant_scope(share.team_id):
        conversation = _read(share)
    with tenant_scope(user.team_id), transaction.atomic():
        chat = create_chat(user=user, agent_id=agent_id, title=share.title)
        Message.objects.bulk_create(_rows(chat, conversation), batch_size=500)
        mark_read(chat=chat, user=user, position=len(conversation))  # in the room
    return chat


def _read(share: Share) -> list[_Said]:
    return [
        _Said(message.role, message.content, message.timestamp, author_of(message, share)[:GUEST_NAME_CHARS])
        for message in shown_messages(share).filter(status=MessageStatus.COMPLETE)
        if message.content
    ]


def _rows(chat: Chat, conversation: list[_Said]) -> list[Message]:
    return [
        Message(
            chat=chat,
            position=position,
            role=said.role,
            content=said.content,
            timestamp=said.timestamp,
            guest_name=said.speaker if said.role == MessageRole.USER else "",
        )
        for position, said in enumerate(conversation, start=1)
    ]
