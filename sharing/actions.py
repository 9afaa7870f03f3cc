"""Every write to share links and of their visitors, apart from places in the room (`sharing.leases`)."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts import audit
from accounts.audit import AuditAction
from accounts.models import User
from chats.models import Chat
from sharing import events
from sharing.exceptions import SharingOff
from sharing.models import Ending, Share
from sharing.tokens import ShareToken
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants

DEFAULT_DAYS: Final = 7
CHANGEABLE: Final = frozenset(
    {
        "title",
        "description",
        "expires_at",
        "max_concurrent_users",
        "can_write",
        "can_fork",
        "asks_name",
        "max_messages",
    }
)


@transaction.atomic
def create_share(
    *, chat: Chat, days: int = DEFAULT_DAYS, from_here_on: bool = False, password: str = "", **fields: Any
) -> Share:
    """Make a link to a chat that is valid for so many days; raise `SharingOff` where the team allows none.

    `fields` are of `CHANGEABLE`. With `from_here_on` visitors see only what is said after this moment.
    """
    if not chat.team.allows_sharing:
        raise SharingOff()
    given = {name: value for name, value in fields.items() if name in CHANGEABLE}
    share = Share(id=uuid4(), team_id=chat.team_id, chat=chat, **given)
    share.expires_at = timezone.now() + timedelta(days=days)
    share.password_hash = make_password(password) if password else ""
    if from_here_on:
        share.from_position = (chat.messages.aggregate(last=Max("position"))["last"] or 0) + 1
    share.token = ShareToken.new(chat.team_id).text
    share.save(force_insert=True)
    audit.record(AuditAction.SHARE_CREATED, team_id=share.team_id, target=share, target_name="a chat")
    return share


@transaction.atomic
def change_share(*, share: Share, password: str | None = None, **changes: Any) -> Share:
    """Change a link's fields, of `CHANGEABLE`, and its password ("" is none, None leaves it); tell the room."""
    given = {name: value for name, value in changes.items() if name in CHANGEABLE}
    if password is not None:
        given["password_hash"] = make_password(password) if password else ""
    for name, value in given.items():
        setattr(share, name, value)
    share.save(update_fields=list(given))
    audit.record(
        AuditAction.SHARE_CHANGED,
        team_id=share.team_id,
        target=share,
        target_name="a chat",
        fields=sorted({name.removesuffix("_hash") for name in given}),
    )
    events.share_changed(share)
    return share


@transaction.atomic
def revoke_share(*, share: Share, by: User | None) -> None:
    """Close a room for good, under everyone's eyes; repeating it changes nothing."""
    if Share.objects.filter(id=share.id, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by):
        audit.record(AuditAction.SHARE_REVOKED, team_id=share.team_id, target=share, target_name="a chat")
        events.share_ended(share, Ending.REVOKED)


def reseal_tokens() -> int:
    """Seal the tokens of all teams' links again under the first key; return how many."""
    with unsafe_all_tenants(reason="rotate the keys of secrets"):
        shares = list(Share.objects.values_list("id", "team_id"))
    return sum(_reseal_token(share_id, team_id) for share_id, team_id in shares)


def _reseal_token(share_id: UUID, team_id: UUID) -> bool:
    with tenant_scope(team_id), transaction.atomic():
        share = find(Share.objects.select_for_update(), id=share_id)
        if share is None:
            return False
        share.token = share.token
        share.save(update_fields=["sealed_token"])
    return True
