"""Reads used by more than one caller."""

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from accounts.models import User
from accounts.queries import with_people
from agents.queries import agents_of
from chats.models import Attachment, Chat, ChatMember, Message, MessageRole, ReadMarker


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


def shared_chats(user: User) -> QuerySet[Chat]:
    """Return the chats that colleagues let a person into, the last active first, each with its `can_write`.

    Archives are not asked for: each is a drawer of the chat's person alone.
    """
    mine = ChatMember.objects.filter(user=user)
    let_in = with_people(Chat.objects.exclude(user=user).filter(_let_in(mine)), "user")
    return with_known_agents(let_in.annotate(can_write=_let_in(mine.filter(can_write=True))), user)


def members_of(chat: Chat) -> QuerySet[ChatMember]:
    """Return the active colleagues in a chat, by e-mail; the chat's person is none of them."""
    found = ChatMember.objects.filter(chat=chat, user__is_active=True).exclude(user=chat.user_id)
    return with_people(found, "user").order_by("user__email")


def may_write(user: User, chat: Chat) -> bool:
    """Tell whether somebody may speak in a chat; for its own person that costs no query."""
    return chat.user_id == user.pk or writable_chats(user).filter(id=chat.id).exists()


def with_unread(chats: QuerySet[Chat], user: User) -> QuerySet[Chat]:
    """Count in each chat what other people said beyond where somebody has read, as `unread`.

    Answers are not counted: each has a question that is.
    """
    read_to = ReadMarker.objects.filter(chat=OuterRef(OuterRef("pk")), user=user).values("position")
    said = Message.objects.filter(chat=OuterRef("pk"), role=MessageRole.USER).exclude(author=user)
    beyond = said.filter(position__gt=Coalesce(Subquery(read_to), 0)).order_by().values("chat")
    return chats.annotate(unread=Coalesce(Subquery(beyond.annotate(n=Count("pk")).values("n")), 0))


def shown_chats(user: User) -> QuerySet[Chat]:
    """Return own chats with their agents; one that the person may no longer know of is as if it were removed."""
    return with_known_agents(own_chats(user), user)


def with_known_agents(chats: QuerySet[Chat], user: User) -> QuerySet[Chat]:
    """Return chats with their agents, as far as a person may know of them."""
    return chats.prefetch_related(Prefetch("agent", agents_of(user, include_inactive=True)))


def messages_of(chat: Chat) -> QuerySet[Message]:
    """Return a chat's messages in their order."""
    return with_people(chat.messages.all(), "author").order_by("position")


def readable_attachments(user: User) -> QuerySet[Attachment]:
    """Return the files in the chats that a person may read, without their bytes."""
    return Attachment.objects.filter(message__chat__in=readable_chats(user))


def last_answer(chat: Chat) -> Message | None:
    """Return the running or else the last answer of a chat."""
    answers = Message.objects.filter(chat=chat, role=MessageRole.ASSISTANT)
    return answers.select_related("run").order_by("-position").first()
