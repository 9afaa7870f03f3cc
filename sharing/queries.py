"""Reads used by more than one caller."""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from accounts.queries import with_people
from chats.models import Chat, Message
from chats.queries import messages_of
from sharing.exceptions import ShareGone, ShareNotFound
from sharing.models import Participant, Share
from sharing.tokens import ShareToken, participant_hash
from tenants.managers import find
from tenants.scope import tenant_scope

_SHARES = with_people(Share.objects.select_related("team", "chat__agent"), "chat__user")


def share_of(text: str) -> Share:
    """Return the share of a link's token, open or not, whoever asks; raise `ShareNotFound`.

    What then reads of it enters `tenant_scope(share.team_id)`.
    """
    token = ShareToken.parse(text)
    with tenant_scope(token.team_id):
        share = find(_SHARES, token_hash=token.hash)
    if share is None:
        raise ShareNotFound()
    return share


def open_share(text: str) -> Share:
    """Return the share of a link's token; raise `ShareGone` when its room is closed."""
    share = share_of(text)
    if share.ending is not None:
        raise ShareGone(share.ending.label)
    return share


def participant_of(share: Share, token: str | None) -> Participant | None:
    """Return who presents a participant's token of this very share, whether or not they still hold a place."""
    return find(share.participants.all(), token_hash=participant_hash(token)) if token else None


def people_in(share: Share) -> QuerySet[Participant]:
    """Return who holds a place right now."""
    return _inside(share.participants.all())


def _inside(participants: QuerySet[Participant]) -> QuerySet[Participant]:
    return participants.filter(joined_at__isnull=False, left_at=None, lease_until__gt=timezone.now())


def people_waiting(share: Share) -> QuerySet[Participant]:
    """Return who waits for a place right now, the first in line first."""
    return share.participants.filter(joined_at=None, left_at=None, lease_until__gt=timezone.now()).order_by(
        "asked_at", "id"
    )


def shares_of(chat: Chat) -> QuerySet[Share]:
    """Return the links of a chat, newest first, each with its `current_users`."""
    return with_current_users(Share.objects.filter(chat=chat))


def managed_shares(user: User) -> QuerySet[Share]:
    """Return the links that a person may extend and revoke: of their own chats, for a team admin all of the team."""
    shares = Share.objects.all() if user.is_team_admin else Share.objects.filter(chat__user=user)
    return with_current_users(shares)


def links_of(user: User) -> QuerySet[Share]:
    """Return the links to a person's own chats."""
    return with_current_users(Share.objects.filter(chat__user=user))


def links_of_team() -> QuerySet[Share]:
    """Return all links of the team."""
    return with_current_users(Share.objects.all())


def access_log(share: Share) -> QuerySet[Participant]:
    """Return everybody who came to a link, the last first."""
    return share.participants.order_by("-asked_at", "-id")


def with_current_users(shares: QuerySet[Share]) -> QuerySet[Share]:
    """Count who is in each room, in the same query; who was there before is not gone through."""
    inside = _inside(Participant.objects.filter(share=OuterRef("pk"))).order_by().values("share")
    count = Subquery(inside.annotate(count=Count("pk")).values("count"))
    return with_people(shares.select_related("team"), "chat__user").annotate(current_users=Coalesce(count, 0))


def rooms_with_people() -> QuerySet[Share]:
    """Return the links of the team whose rooms hold or await anybody right now."""
    alive = Participant.objects.filter(share=OuterRef("pk"), left_at=None, lease_until__gt=timezone.now())
    return still_open(Share.objects.filter(Exists(alive)).select_related("chat"))


def still_open(shares: QuerySet[Share]) -> QuerySet[Share]:
    """Keep the links that were neither revoked nor have expired."""
    return shares.filter(revoked_at=None, expires_at__gt=timezone.now())


def ended(shares: QuerySet[Share]) -> QuerySet[Share]:
    """Keep the links that were revoked or have expired."""
    return shares.filter(Q(revoked_at__isnull=False) | Q(expires_at__lte=timezone.now()))


def shown_messages(share: Share) -> QuerySet[Message]:
    """Return the messages that visitors of a link see, in their order."""
    return messages_of(share.chat).filter(position__gte=share.from_position)


def room_for_messages(share: Share) -> QuerySet[Share]:
    """Return the share as long as its visitors may send another message, nothing otherwise."""
    return still_open(Share.objects.filter(id=share.id, messages_sent__lt=F("max_messages")))


def with_agent(share: Share) -> None:
    """Read the agent of a share's chat, if it was not yet: its picture, shown beside its answers, may be large."""
    prefetch_related_objects([share], "chat__agent")
