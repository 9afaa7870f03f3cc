"""Reads used by more than one caller."""

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import User
from agents.queries import agents_of
from chats.models import Attachment, Chat, ChatMember, Message, MessageRole


def own_chats(user: User) -> QuerySet[Chat]:
    """Return a person's chats, the last active first."""
    return Chat.objects.filter(user=user)


def readable_chats(user: User) -> QuerySet[Chat]:
    """Return a person's own chats and those that colleagues let them into."""
    return Chat.objects.filter(Q(user=user) | _let_in(ChatMember.objects.filter(user=user)))


def writable_chats(user: User) -> QuerySet[Chat]:
    """Return the chats that a person may say something in."""
    return Chat.objects.filter(Q(user=user) | _let_in(ChatMember.objects.filter(user=user, can_write=True)))


def _let_in(members: QuerySet[ChatMember]) -> Exists:
    return Exists(members.filter(chat=OuterRef("pk")))


def shown_chats(user: User) -> QuerySet[Chat]:
    """Return own chats with their agents; one that the person may no longer know of is as if it were removed."""
    return with_known_agents(own_chats(user), user)


def with_known_agents(chats: QuerySet[Chat], user: User) -> QuerySet[Chat]:
    """Return chats with their agents, as far as a person may know of them."""
    return chats.prefetch_related(Prefetch("agent", agents_of(user, include_inactive=True)))


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
