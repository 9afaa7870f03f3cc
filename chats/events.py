"""What the open pages of a chat are told; each is a hint, the rows are the truth."""

from typing import Any
from uuid import UUID

from chats.models import Chat
from tenants.groups import team_group, tell_on_commit


def chat_group(chat_id: UUID) -> str:
    """Name the group that the open pages of a chat listen to."""
    return team_group("chat", chat_id)


def answer_started(chat: Chat, message_ids: list[UUID]) -> None:
    """Tell that messages were added, the last of which is being written."""
    _tell(chat, {"type": "answer.started", "message_ids": [message_id.hex for message_id in message_ids]})


def chat_changed(chat: Chat) -> None:
    """Tell that the title or the state of the chat changed."""
    _tell(chat, {"type": "chat.changed", "title": chat.title})


def chat_deleted(chat: Chat) -> None:
    """Tell that the chat is gone."""
    _tell(chat, {"type": "chat.deleted"})


def _tell(chat: Chat, event: dict[str, Any]) -> None:
    tell_on_commit(chat_group(chat.id), event)
