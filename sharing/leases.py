"""Places in a room: a participant holds one as long as they are heard from.

A room's share row is the lock: whoever counts its places and takes one, or makes a lease longer, holds it until that
is committed. So the limit holds however many come at once, in however many processes, and a lease that was just found
to be over is not brought back to life beside its successor. Moments are read once the lock is held.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.addresses import Address, prefix
from accounts.queries import with_people
from sharing import events
from sharing.exceptions import PasswordRequired, ShareFull, ShareGone, ShareNotFound
from sharing.models import Participant, Share
from sharing.queries import participant_of, people_in, people_waiting
from sharing.tokens import new_participant_token, participant_hash
from tenants.managers import find

# How long a place in line lasts without a sign of life: a page that waits gives one every few seconds.
WAITING_SECONDS: Final = 15
# How long a place is kept for somebody whose connection broke: as long as a page takes to load again.
GRACE_SECONDS: Final = 8
# How many may wait in line for one room.
LINE_LENGTH: Final = 1000


@dataclass(frozen=True, slots=True)
class Seat:
    """Somebody's place: in the room, or as number `ahead` + 1 in line. `token` is theirs to keep."""

    participant: Participant
    token: str
    ahead: int = 0

    @property
    def is_in(self) -> bool:
        return self.participant.joined_at is not None


@dataclass(frozen=True, slots=True)
class Standing:
    """How full a room is."""

    current_users: int
    max_concurrent_users: int
    waiting: int


def lease_end() -> datetime:
    """Return until when somebody heard from now keeps their place."""
    return timezone.now() + timedelta(seconds=settings.SHARE_LEASE_SECONDS)


def join(
    share: Share, *, token: str | None = None, name: str = "", address: Address | None = None, may_wait: bool = False
) -> Seat:
    """Take a place, or keep the one that the token stands for; with `may_wait` line up when the room is full.

    Those in line come first. Raises `ShareFull`, and, where that happened since the share was read, `ShareGone` when
    the room was closed and `PasswordRequired` when it got a new password.
    """
    with transaction.atomic():
        locked = _locked(share)
        if locked.password_hash not in {"", share.password_hash}:
            raise PasswordRequired()
        mine = participant_of(locked, token)
        if mine is None:
            token = new_participant_token()
            mine = _somebody_new(locked, token, address)
        assert token is not None
        was_waiting, was_in = mine.joined_at is None and mine.is_alive, mine.is_in
        ahead = -1 if was_in else _ahead_of(locked, mine)
        if ahead >= (LINE_LENGTH if may_wait else 0):
            raise ShareFull()
        if was_in:
            mine.lease_until = lease_end()
        else:
            _place(mine, ahead)
        mine.name = name or mine.name
        mine.save()
        if not was_in and not (was_waiting and ahead >= 0):
            events.room_moved(locked)
    return Seat(mine, token, max(ahead, 0))


def _held(share_id: UUID) -> Share | None:
    """Hold a room's row, open or not, to the end of the transaction; None if it is gone."""
    shares = Share.objects.select_for_update(of=("self",))
    return find(with_people(shares, "chat__user").select_related("team"), id=share_id)


def _locked(share: Share) -> Share:
    locked = _held(share.id)
    if locked is None:
        raise ShareNotFound()
    if locked.ending is not None:
        raise ShareGone(locked.ending.label)
    return locked


def _somebody_new(share: Share, token: str, address: Address | None) -> Participant:
    return Participant(
        share=share,
        token_hash=participant_hash(token),
        address_prefix=prefix(address),
        lease_until=timezone.now(),
    )


def _ahead_of(share: Share, mine: Participant) -> int:
    """Return how many in line come before somebody; -1 when a place is theirs."""
    line = list(people_waiting(share).values_list("id", flat=True))
    ahead = line.index(mine.id) if mine.id in line else len(line)
    free = share.max_concurrent_users - people_in(share).count()
    return -1 if ahead < free else ahead - max(free, 0)


def _place(mine: Participant, ahead: int) -> None:
    """Let somebody in, or note that they wait: anew, or in the place in line that they have."""
    now = timezone.now()
    if ahead < 0:
        mine.joined_at, mine.came_at, mine.lease_until = now, mine.came_at or now, lease_end()
    else:
        if mine.joined_at is not None or not mine.is_alive:
            mine.asked_at = now
        mine.joined_at, mine.lease_until = None, now + timedelta(seconds=WAITING_SECONDS)
    mine.left_at = None


def leave(share: Share, *, token: str | None) -> int:
    """Give back the caller's own place and know them no more, also if it had lapsed; return how many are still in."""
    with transaction.atomic():
        mine = participant_of(share, token)
        if mine is not None:
            left_at = min(timezone.now(), mine.lease_until)
            left = share.participants.filter(id=mine.id, left_at=None).update(left_at=left_at)
            if left and mine.is_alive:
                events.room_moved(share)
        return people_in(share).count()


@transaction.atomic
def renew(share_id: UUID, participant_ids: Collection[UUID]) -> set[UUID]:
    """Renew the leases of people heard from, in the room and in line; return those that still had one."""
    if _held(share_id) is None:
        return set()
    now = timezone.now()
    alive = Participant.objects.filter(share_id=share_id, id__in=participant_ids, left_at=None, lease_until__gt=now)
    known = dict(alive.values_list("id", "joined_at"))
    waiting = [participant_id for participant_id, joined_at in known.items() if joined_at is None]
    alive.filter(joined_at__isnull=False).update(lease_until=lease_end())
    if waiting:
        alive.filter(joined_at=None).update(lease_until=now + timedelta(seconds=WAITING_SECONDS))
    return set(known)


@transaction.atomic
def let_go(share_id: UUID, participant_ids: Collection[UUID]) -> None:
    """Keep the places of people whose connection broke for a moment only: they may be loading the page again."""
    _held(share_id)  # not for the limit: two who go over the same rows in another order would wait for each other
    until = timezone.now() + timedelta(seconds=GRACE_SECONDS)
    Participant.objects.filter(share_id=share_id, id__in=participant_ids, left_at=None, lease_until__gt=until).update(
        lease_until=until
    )


def admit(share_id: UUID) -> list[UUID]:
    """Give free places to those who wait, first come first; return who came in."""
    share = find(with_people(Share.objects.select_related("team"), "chat__user"), id=share_id)
    if share is None or share.ending is not None or not people_waiting(share).exists():
        return []
    if people_in(share).count() >= share.max_concurrent_users:
        return []
    with transaction.atomic():
        try:
            locked = _locked(share)
        except (ShareGone, ShareNotFound):
            return []
        free = locked.max_concurrent_users - people_in(locked).count()
        chosen = list(people_waiting(locked).values_list("id", flat=True)[: max(free, 0)])
        if chosen:
            now = Value(timezone.now(), DateTimeField())
            Participant.objects.filter(id__in=chosen, left_at=None).update(
                joined_at=now, came_at=Coalesce("came_at", now), lease_until=lease_end()
            )
            events.room_moved(locked)
    return chosen


def standing(share: Share) -> Standing:
    """Return how full a room is right now."""
    return Standing(people_in(share).count(), share.max_concurrent_users, people_waiting(share).count())
