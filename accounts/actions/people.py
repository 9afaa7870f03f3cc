"""Who comes into a team, and what people change about themselves."""

from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts import audit, limits, queries
from accounts.addresses import Address
from accounts.audit import AuditAction
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


def register(*, email: str, password: str, full_name: str, team_id: UUID, address: Address | None) -> User:
    """Let a person into a team that is open to them. Not atomic: a refusal must not undo the count of its try."""
    limits.count_registration(address=address)
    team = find(Team.objects.all(), id=team_id, is_active=True)
    if team is None:
        raise UnknownTeam()
    domain = normalise_email(email).rpartition("@")[2]
    if team.registration is Registration.DOMAINS and domain not in team.email_domains:
        raise RegistrationClosed("This team takes people with an e-mail of its own domains only.")
    if team.registration is Registration.INVITE:
        raise RegistrationClosed()
    person = new_person(team=team, email=email, password=password, full_name=full_name)
    person.email_unverified = True
    with transaction.atomic():
        take_seat(person)
        audit.record(AuditAction.PERSON_JOINED, team_id=team.id, target=person, actor=person, role=person.role)
    return person


def new_person(*, team: Team, email: str, password: str | None, full_name: str = "", role: Role = Role.USER) -> User:
    """Return a person who is not stored yet; call it before any lock, since hashing a password takes long."""
    tier = queries.tier_to_begin_with(team)
    person = User(team=team, email=normalise_email(email), full_name=full_name, role=role, tier=tier)
    person.set_password(password)
    return person


def take_seat(person: User) -> None:
    """Store a new person; raise `TeamFull` or `EmailTaken` where that is not possible."""
    try:
        with transaction.atomic(), tenant_scope(person.team_id):
            require_seat(team_id=person.team_id)
            person.save(force_insert=True)
    except IntegrityError:
        raise EmailTaken() from None


def require_seat(*, team_id: UUID) -> None:
    """Raise `TeamFull` unless the team may have one more active person.

    Call it in the transaction and the scope that adds the person: it locks the team, so that two cannot take the
    last seat.
    """
    if queries.seats_left(lock_team(team_id)) == 0:
        raise TeamFull()


def lock_team(team_id: UUID) -> Team:
    """Let nobody else change who belongs to a team, and what they are there, until the transaction ends."""
    return Team.objects.select_for_update(no_key=True).get(id=team_id)


def take_over(person: User) -> None:
    """Give an account to the owner of its address: whatever opens it was made by somebody who only claimed to be.

    Call it in the transaction that learns of the proof. The owner can choose a password by a mailed link.
    """
    person.set_unusable_password()
    person.email_unverified = False
    person.save(update_fields=["password", "email_unverified"])
    now = timezone.now()
    queries.open_refresh_sessions(person).update(revoked_at=now)
    queries.open_keys(person).update(revoked_at=now)
    audit.record(AuditAction.CREDENTIALS_ENDED, team_id=person.team_id, target=person)


@transaction.atomic
def update_profile(*, user: User, **changes: Unpack[ProfileChanges]) -> User:
    """Change what people may change about themselves."""
    for field, value in changes.items():
        setattr(user, field, value)
    user.save(update_fields=list(changes))
    return user


def change_password(*, user: User, password: str, recorded_as: AuditAction = AuditAction.PASSWORD_CHANGED) -> None:
    """Change a password and end every session that was opened with the old one.

    Page sessions end by themselves, because their hash no longer fits.
    """
    user.set_password(password)  # before the transaction: hashing takes long
    with transaction.atomic():
        user.save(update_fields=["password"])
        queries.open_refresh_sessions(user).update(revoked_at=timezone.now())
        audit.record(recorded_as, team_id=user.team_id, target=user)
