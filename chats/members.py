"""Letting colleagues into a chat, and how far everybody has read it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from accounts import audit
from accounts import queries as accounts
from accounts.audit import AuditAction
from accounts.models import User
from chats import events
from chats.models import Chat, ChatMember, Message, ReadMarker
from tenants.exceptions import Invalid, NotFound
from tenants.managers import find

NAMED: Final = 10  # of the ids that are nobody's


def set_members(*, chat: Chat, members: Mapping[UUID, bool]) -> None:
    """Let these active colleagues into a chat, true for those who may take part, and nobody else.

    Whoever was deactivated keeps their place for the day they come back. Raises `Invalid` naming ids of nobody.
    """
    try:
        with transaction.atomic():
            _set_members(_held(chat), members)
    except IntegrityError:  # one of them was deleted just now
        raise Invalid(errors={"members": ["Somebody you chose is no longer here."]}) from None


def _set_members(chat: Chat, members: Mapping[UUID, bool]) -> None:
    active = accounts.people().filter(is_active=True).exclude(id=chat.user_id)
    if unknown := members.keys() - set(active.filter(id__in=members).values_list("id", flat=True)):
        named = sorted(map(str, unknown))[:NAMED]
        raise Invalid(errors={"members": [f"There is no active colleague with the id {one}." for one in named]})
    rows = ChatMember.objects.filter(chat=chat, user__in=active)
    present = dict(rows.values_list("user_id", "can_write"))
    added, removed = members.keys() - present.keys(), present.keys() - members.keys()
    changed = {one for one in members.keys() & present.keys() if members[one] != present[one]}
    _remove(chat, removed)
    for can_write in (True, False):
        given = [one for one in changed if members[one] is can_write]
        ChatMember.objects.filter(chat=chat, user_id__in=given).update(can_write=can_write)
    ChatMember.objects.bulk_create(ChatMember(chat=chat, user_id=one, can_write=members[one]) for one in added)
    if added or removed or changed:
        _changed(chat, added=added, removed=removed, changed=changed)


@transaction.atomic
def leave_chat(*, chat: Chat, user: User) -> None:
    """Let a colleague go out of a chat; raise `NotFound` if they are not in it."""
    held = _held(chat)
    if not _remove(held, [user.pk]):
        raise NotFound()
    _changed(held, removed=[user.pk])


def _held(chat: Chat) -> Chat:
    """Hold a chat, as whoever speaks in it does: a message on its way is said before, or finds its author put out."""
    held = find(Chat.objects.select_for_update(), id=chat.id)
    if held is None:
        raise NotFound()
    return held


def _remove(chat: Chat, people: Collection[UUID]) -> int:
    ReadMarker.objects.filter(chat=chat, user_id__in=people).exclude(user=chat.user_id).delete()
    return ChatMember.objects.filter(chat=chat, user_id__in=people).delete()[0]


def _changed(
    chat: Chat, *, added: Collection[UUID] = (), removed: Collection[UUID] = (), changed: Collection[UUID] = ()
) -> None:
    audit.record(
        AuditAction.CHAT_MEMBERS_CHANGED,
        team_id=chat.team_id,
        target=chat,
        target_name="a chat",
        added=sorted(map(str, added)),
        removed=sorted(map(str, removed)),
        changed=sorted(map(str, changed)),
    )
    events.members_changed(chat)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who may read a chat, and the place up to which they have; 0 is nothing yet."""

    user: User
    position: int


def readers_of(chat: Chat) -> list[Reader]:
    """Return the active people who may read a chat: its own person and those let in, by name."""
    let_in = Exists(ChatMember.objects.filter(chat=chat, user=OuterRef("pk")))
    read_to = ReadMarker.objects.filter(chat=chat, user=OuterRef("pk")).values("position")
    people = User.objects.filter(Q(id=chat.user_id) | let_in, is_active=True).order_by("full_name", "email")
    found = people.annotate(read_to=Subquery(read_to)).only("email", "full_name", "team")
    return [Reader(user, user.read_to or 0) for user in found]


def mark_read(*, chat: Chat, user: User, position: int) -> int:
    """Note that somebody has read a chat up to a place, never back, and tell the open pages; return their place."""
    said = Message.objects.filter(chat=chat, position__lte=position).order_by("-position")
    last = said.values_list("position", "id").first()
    if last is None:
        return 0
    reached, message_id = last
    try:
        with transaction.atomic():
            marker, is_first = ReadMarker.objects.get_or_create(chat=chat, user=user, defaults={"position": reached})
            behind = ReadMarker.objects.filter(id=marker.id, position__lt=reached)
            if not is_first and not behind.update(position=reached, read_at=timezone.now()):
                return marker.position
            events.chat_read(chat, user, message_id, reached)
    except IntegrityError:  # the chat or the person was deleted just now
        raise NotFound() from None
    return reached
