"""Reads used by more than one caller."""

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from agents.queries import agents_of
from chats.models import Attachment, Chat, Message, MessageRole


def own_chats(user: User) -> QuerySet[Chat]:
    """Return a person's chats, the last active first."""
    return Chat.objects.filter(user=user)


def shown_chats(user: User) -> QuerySet[Chat]:
    """Return them with their agents; one that the person may no longer know of is none, as if it were removed."""
    return own_chats(user).prefetch_related(Prefetch("agent", agents_of(user, include_inactive=True)))


def messages_of(chat: Chat) -> QuerySet[Message]:
    """Return a chat's messages in their order."""
    return Message.objects.filter(chat=chat).select_related("author").order_by("position")


def own_attachments(user: User) -> QuerySet[Attachment]:
    """Return the files in a person's chats, without their bytes."""
    return Attachment.objects.filter(message__chat__user=user)


def last_answer(chat: Chat) -> Message | None:
    """Return the running or else the last answer of a chat."""
    answers = Message.objects.filter(chat=chat, role=MessageRole.ASSISTANT)
    return answers.select_related("run").order_by("-position").first()
