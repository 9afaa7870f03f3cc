"""Who belongs to a team, and what people change about themselves."""

from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import queries
from accounts.exceptions import EmailTaken, RegistrationClosed, TeamFull, UnknownTeam
from accounts.models import Role, User, normalise_email
from tenants.managers import find
from tenants.models import Registration, Team
from tenants.scope import tenant_scope


class ProfileChanges(TypedDict, total=False):
    """What people may change about themselves."""

    full_name: str
    avatar: str | None
    preferences: dict[str, Any]


def register(*, email: str, password: str, full_name: str, team_id: UUID) -> User:
    """Let a person into a team that is open to them."""
    team = find(Team.objects.all(), id=team_id, is_active=True)
    if team is None:
        raise UnknownTeam()
    domain = normalise_email(email).rpartition("@")[2]
    if team.registration is Registration.DOMAINS and domain not in team.email_domains:
        raise RegistrationClosed("This team takes people with an e-mail of its own domains only.")
    if team.registration is Registration.INVITE:
        raise RegistrationClosed()
    return add_member(team=team, email=email, password=password, full_name=full_name)


def add_member(*, team: Team, email: str, password: str | None, full_name: str = "", role: Role = Role.USER) -> User:
    """Add a person to a team that has a seat left."""
    user = User(
        team=team, email=normalise_email(email), full_name=full_name, role=role, tier=queries.tier_to_begin_with(team)
    )
    user.set_password(password)  # before the lock: hashing takes long
    try:
        with transaction.atomic(), tenant_scope(team.id):
            require_seat(team_id=team.id)
            user.save(force_insert=True)
    except IntegrityError:
        raise EmailTaken() from None
    return user


def require_seat(*, team_id: UUID) -> None:
    """Raise `TeamFull` unless the team may have one more active person.

    Call it in the transaction and the scope that adds the person: it locks the team, so that two cannot take the
    last seat.
    """
    team = Team.objects.select_for_update(no_key=True).get(id=team_id)
    if team.max_users is not None and User.objects.filter(is_active=True).count() >= team.max_users:
        raise TeamFull()


@transaction.atomic
def update_profile(*, user: User, **changes: Unpack[ProfileChanges]) -> User:
    """Change what people may change about themselves."""
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
    return user


@transaction.atomic
def change_password(*, user: User, password: str) -> None:
    """Change a password and end every session that was opened with the old one.

    Page sessions end by themselves, because their hash no longer fits.
    """
    user.set_password(password)
    user.save(update_fields=["password"])
    queries.open_refresh_sessions(user).update(revoked_at=timezone.now())
