"""What a room sees when it looks into the rows: one thread, a few queries, however many people are in it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final
from uuid import UUID

from django.utils import timezone

from accounts.queries import with_people
from chats.models import Message, MessageStatus
from sharing import leases
from sharing.exceptions import ShareFull, ShareGone
from sharing.models import Ending, Participant, Share
from sharing.queries import shown_messages, with_agent
from tenants.managers import find

_SHARES: Final = with_people(Share.objects.select_related("team"), "chat__user")


class Loss(Enum):
    """Why somebody who is connected has no place."""

    LEFT = "left"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a room wants done and seen.

    `here` are its people with their tokens, `after` is the last position it knows, `answering` an answer that was being
    written when it looked last.
    """

    share_id: UUID
    here: Mapping[UUID, str]
    renewed: Collection[UUID]
    gone: Collection[UUID]
    after: int | None
    answering: UUID | None


@dataclass(frozen=True, slots=True)
class Sight:
    """A room at one moment: who is in, who waits in which order, who of those here lost their place, what was said.

    Only where something was said does the share come with its chat's agent.
    """

    share: Share
    inside: frozenset[UUID]
    line: list[UUID]
    lost: dict[UUID, Loss]
    messages: list[Message]
    is_answering: bool


def look(errand: Errand) -> Sight | Ending:
    """Renew the leases of who is here, let in who waits, and say how the room stands; or that it is closed."""
    share = find(_SHARES, id=errand.share_id)
    if share is None:
        return Ending.DELETED
    if share.ending is not None:
        return share.ending
    if errand.gone:
        leases.let_go(share.id, errand.gone)
    if errand.renewed:
        leases.renew(share.id, errand.renewed)
    inside, line = _alive(share)
    lost: dict[UUID, Loss] = {}
    if missing := errand.here.keys() - inside - set(line):
        try:
            lost = _seat_again(share, {one: errand.here[one] for one in missing})
        except ShareGone:
            return look(errand)
        if Loss.LEFT in lost.values() and not Share.objects.filter(id=share.id).exists():
            return Ending.DELETED  # nobody left: their rows went with the link, just after it was found
    free = len(inside) < share.max_concurrent_users
    if (line and free and leases.admit(share.id)) or missing:
        inside, line = _alive(share)
    if messages := _messages(share, errand.after):
        with_agent(share)
    return Sight(share, inside, line, lost, messages, _is_answering(errand.answering))


def _alive(share: Share) -> tuple[frozenset[UUID], list[UUID]]:
    alive = share.participants.filter(left_at=None, lease_until__gt=timezone.now()).order_by("asked_at", "id")
    rows = list(alive.values_list("id", "joined_at"))
    inside = frozenset(one for one, joined_at in rows if joined_at is not None)
    return inside, [one for one, joined_at in rows if joined_at is None]


def _seat_again(share: Share, tokens: Mapping[UUID, str]) -> dict[UUID, Loss]:
    """Give people whose lease lapsed a place again, if there is one; who left stays out."""
    lost = dict.fromkeys(tokens, Loss.LEFT)
    for one in Participant.objects.filter(id__in=tokens, left_at=None):
        try:
            leases.join(share, token=tokens[one.id], may_wait=one.joined_at is None)
            del lost[one.id]
        except ShareFull:
            lost[one.id] = Loss.FULL
    return lost


def _messages(share: Share, after: int | None) -> list[Message]:
    """Return what visitors see beyond a position; at first only the last message."""
    messages = shown_messages(share).select_related("run")
    if after is None:
        return list(messages.order_by("-position")[:1])
    return list(messages.filter(position__gt=after))


def _is_answering(message_id: UUID | None) -> bool:
    return message_id is not None and Message.objects.filter(id=message_id, status=MessageStatus.STREAMING).exists()
