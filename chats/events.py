"""What the open pages of a chat are told; each is a hint, the rows are the truth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.dispatch import Signal

from accounts.models import User
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
    _tell(chat, {"type": "chat.changed", "title": str(chat)})


def chat_deleted(chat: Chat) -> None:
    """Tell that the chat is gone."""
    _tell(chat, {"type": "chat.deleted"})


def members_changed(chat: Chat) -> None:
    """Tell that somebody was let into the chat, left it, or may now do more or less."""
    _tell(chat, {"type": "members.changed"})


def chat_read(chat: Chat, reader: User, message_id: UUID, position: int) -> None:
    """Tell how far somebody has read."""
    name = {"user_id": reader.pk.hex, "name": str(reader)}
    _tell(chat, {"type": "chat.read", **name, "message_id": message_id.hex, "position": position})


def member_types(user: User, chat: Chat) -> dict[str, Any]:
    """Return what a chat's group is told when a person of the team types; `name` is for the team alone."""
    known = {"full_name": user.full_name, "is_host": chat.user_id == user.id}
    return {"type": "chat.typing", "who": user.id.hex, "name": str(user), "member": known}


def guest_types(guest_id: UUID, name: str) -> dict[str, Any]:
    """Return what a chat's group is told when a visitor types."""
    return {"type": "chat.typing", "who": guest_id.hex, "name": name, "member": None}


@dataclass(frozen=True, slots=True)
class Company:
    """How many visitors from outside are in a chat, how its page says so, and when they have to go at the latest."""

    visitors: int = 0
    sentence: str = ""
    until: datetime | None = None


company_asked = Signal()  # with a `chat`, in the team's scope; whoever lets visitors in answers with a `Company`


def company_of(chat: Chat) -> Company:
    """Return who from outside is in a chat."""
    for _, answer in company_asked.send(Chat, chat=chat):
        if isinstance(answer, Company):
            return answer
    return Company()


def company_changed(chat: Chat, sentence: str = "") -> None:
    """Tell that visitors came or went; a sentence says what happened."""
    _tell(chat, {"type": "company.changed", "sentence": sentence})


def _tell(chat: Chat, event: dict[str, Any]) -> None:
    tell_on_commit(chat_group(chat.id), event)
