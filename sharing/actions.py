"""Every write to share links and of their visitors, apart from places in the room (`sharing.leases`)."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from accounts import audit
from accounts.actions.people import lock_team
from accounts.audit import AuditAction
from accounts.models import User
from chats.events import company_changed
from chats.models import Chat
from sharing import events
from sharing.exceptions import ShareGone, ShareNotFound, SharingOff
from sharing.models import MAX_DAYS, Ending, Share
from sharing.queries import rooms_with_people
from sharing.tokens import ShareToken
from tenants.exceptions import Invalid
from tenants.managers import find
from tenants.scope import tenant_scope, unsafe_all_tenants

DEFAULT_DAYS: Final = 7
ROOMS_TOLD: Final = 500  # at once; others look for themselves within seconds
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
    audit.record(AuditAction.SHARE_CREATED, team_id=share.team_id, target=share, target_name=_name_in_log(share))
    company_changed(chat)
    return share


@transaction.atomic
def change_share(*, share: Share, password: str | None = None, **changes: Any) -> Share:
    """Change a link's fields, of `CHANGEABLE`, and its password ("" is none, None leaves it); tell the room.

    A new password puts everybody out, whoever was let in with the old one too: it is mostly set because strangers know
    that. Who knows the new one comes in again. Raises `ShareNotFound` for a link deleted meanwhile.
    """
    given = {name: value for name, value in changes.items() if name in CHANGEABLE}
    if password is not None:
        given["password_hash"] = make_password(password) if password else ""
    for name, value in given.items():
        setattr(share, name, value)
    if given and not Share.objects.filter(id=share.id).update(**given):
        raise ShareNotFound()
    if password:
        share.participants.filter(left_at=None).update(left_at=timezone.now())
    audit.record(
        AuditAction.SHARE_CHANGED,
        team_id=share.team_id,
        target=share,
        target_name=_name_in_log(share),
        fields=sorted({name.removesuffix("_hash") for name in given}),
    )
    events.share_changed(share)
    return share


def check_changeable(share: Share) -> None:
    """Raise `ShareGone` for a link that was revoked, and `SharingOff` for one that is on hold."""
    if share.revoked_at is not None:
        raise ShareGone(Ending.REVOKED.label)
    if not share.team.allows_sharing:
        raise SharingOff()
    if share.ending is Ending.ON_HOLD:
        raise SharingOff("This link is on hold: the person of its chat is deactivated.")


def extend_share(*, share: Share, days: int) -> Share:
    """Keep a link valid for so many days more, one that has expired from now on; at most a year from now.

    Raises what `check_changeable` does, and `Invalid` beyond the year.
    """
    now = timezone.now()
    expires_at = max(now, share.expires_at) + timedelta(days=days)
    check_changeable(share)
    if expires_at > now + timedelta(days=MAX_DAYS):
        sentence = "A link is valid for at most a year from now."
        raise Invalid(sentence, errors={"days": [sentence]})
    return change_share(share=share, expires_at=expires_at)


@transaction.atomic
def revoke_share(*, share: Share, by: User | None) -> bool:
    """Close a room for good, under everyone's eyes; return False where that was done before."""
    if not Share.objects.filter(id=share.id, revoked_at=None).update(revoked_at=timezone.now(), revoked_by=by):
        return False
    audit.record(AuditAction.SHARE_REVOKED, team_id=share.team_id, target=share, target_name=_name_in_log(share))
    events.share_ended(share, Ending.REVOKED)
    return True


@transaction.atomic
def allow_sharing(*, team_id: UUID, allowed: bool) -> None:
    """Switch links of a team's chats on or off; off closes all rooms at once, on opens those again that still last."""
    team = lock_team(team_id)
    if team.allows_sharing == allowed:
        return
    team.settings = {**team.settings, "sharing": allowed}
    team.save(update_fields=["settings"])
    audit.record(AuditAction.TEAM_CHANGED, team_id=team.id, target=team, fields=["sharing"], sharing=allowed)
    if not allowed:
        for share in rooms_with_people()[:ROOMS_TOLD]:
            events.share_ended(share, Ending.ON_HOLD)


def _name_in_log(share: Share) -> str:
    """Return what the log calls a link: neither its title nor its chat's, which are text of people."""
    return f"a chat of {audit.name_of(share.chat.user)}"


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
