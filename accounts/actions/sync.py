"""Making and linking accounts of people whom another provider knows."""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from accounts import audit, queries
from accounts.actions import people
from accounts.actions.keys import create_key, revoke_key
from accounts.audit import AuditAction
from accounts.exceptions import AccountInactive, EmailTaken
from accounts.models import PERSONAL_SCOPES, ExternalIdentity, User, normalise_email
from tenants.managers import find
from tenants.models import Team
from tenants.scope import tenant_scope

SESSION_KEY_NAME = "Session key"


@dataclass(frozen=True, slots=True)
class ExternalPerson:
    """Somebody as a provider knows them; `email_verified` is its word that the address is theirs."""

    provider: str
    subject: str
    email: str
    email_verified: bool = False
    full_name: str = ""


@dataclass(frozen=True, slots=True)
class Synced:
    """The person of ours, and the text of a new session key if they had no active one."""

    user: User
    key: str | None
    is_new: bool = False


def sync_person(*, team_id: UUID, person: ExternalPerson) -> Synced:
    """Find, link or make a person of a team; repeating it is safe, also at the same moment.

    Raises `EmailTaken`, `TeamFull` and `AccountInactive`. Changes nobody's role, team, tier or state.
    """
    with tenant_scope(team_id):
        user = _linked(person)
        if user is not None and not _is_wanting(user, person):
            return Synced(user, None)
        with transaction.atomic():
            Team.objects.select_for_update(no_key=True).get(id=team_id)  # of many at once, the others find the link
            return _sync(team_id, person)


def _sync(team_id: UUID, person: ExternalPerson) -> Synced:
    user, is_new = _linked(person), False
    if user is None:
        user = _vouched_for(person)
        if user is None:
            user, is_new = _add(team_id, person), True
        elif user.email_unverified:
            people.take_over(user)
        _link(team_id, user, person)
    if person.full_name and not user.full_name:
        user.full_name = person.full_name
        user.save(update_fields=["full_name"])
    return Synced(user, _session_key(user), is_new)


def _linked(person: ExternalPerson) -> User | None:
    """Return the person who is linked already; raise `AccountInactive` where they were deactivated."""
    identities = ExternalIdentity.objects.select_related("user")
    identity = find(identities, provider=person.provider, subject=person.subject)
    if identity is None:
        return None
    return _active(identity.user)


def _is_wanting(user: User, person: ExternalPerson) -> bool:
    """Tell whether a sync of a linked person has something to write."""
    key = find(queries.open_keys(user), is_session_key=True)
    return key is None or key.has_expired or bool(person.full_name and not user.full_name)


def _vouched_for(person: ExternalPerson) -> User | None:
    """Return the account with the same e-mail, None where there is none; raise `EmailTaken` where it is not for them.

    An account that is linked on an unverified word, or that another subject of the provider has, stays closed:
    whoever made that link would share it with the owner of the address.
    """
    user = find(User.objects.all(), email=normalise_email(person.email))
    if user is None:
        return None
    if not person.email_verified:
        raise EmailTaken("Somebody of this team already uses this e-mail, and it is not said to be verified.")
    if any(not link.email_verified or link.provider == person.provider for link in user.identities.all()):
        raise EmailTaken("The account with this e-mail is linked to somebody else.")
    return _active(user)


def _active(user: User) -> User:
    if not user.is_active:
        raise AccountInactive()
    return user


def _add(team_id: UUID, person: ExternalPerson) -> User:
    people.require_seat(team_id=team_id)
    user = User(team_id=team_id, email=normalise_email(person.email), full_name=person.full_name)
    user.email_unverified = not person.email_verified
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save(force_insert=True)
    except IntegrityError:  # somebody else made it without asking for a seat
        raise EmailTaken() from None
    audit.record(AuditAction.PERSON_ADDED, team_id=team_id, target=user, target_name=user.email)
    return user


def _link(team_id: UUID, user: User, person: ExternalPerson) -> None:
    identity = ExternalIdentity.objects.create(
        user=user,
        provider=person.provider,
        subject=person.subject,
        email=normalise_email(person.email),
        email_verified=person.email_verified,
    )
    audit.record(
        AuditAction.IDENTITY_LINKED,
        team_id=team_id,
        target=identity,
        owner=audit.name_of(user),
        email_verified=person.email_verified,
    )


def _session_key(user: User) -> str | None:
    """Return the text of a new session key; None while the person has an active one."""
    key = find(queries.open_keys(user), is_session_key=True)
    if key is not None:
        if not key.has_expired:
            return None
        revoke_key(user=user, key_id=key.id)
    _, text = create_key(
        team_id=user.team_id,
        user=user,
        name=SESSION_KEY_NAME,
        scopes=PERSONAL_SCOPES,
        expires_days=settings.SESSION_KEY_DAYS,
        is_session_key=True,
    )
    return text


def end_session_key(user: User) -> None:
    """Revoke the key that a sync handed out, when the provider's word no longer counts."""
    key = find(queries.open_keys(user), is_session_key=True)
    if key is not None:
        revoke_key(user=user, key_id=key.id)
