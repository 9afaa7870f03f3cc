"""Every write about people and how they are signed in."""

from contextlib import suppress
from datetime import timedelta
from typing import Any, TypedDict, Unpack
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils import timezone

from accounts import limits, queries
from accounts.exceptions import (
    BadCredentials,
    BadToken,
    EmailTaken,
    RegistrationClosed,
    TeamFull,
    TeamRequired,
    UnknownTeam,
)
from accounts.models import RefreshSession, Role, User, normalise_email
from accounts.principal import Principal, Proof
from accounts.resolver import SESSION_TEAM_KEY
from accounts.tokens import RefreshToken
from tenants.exceptions import NotFound
from tenants.managers import find
from tenants.models import Registration, Team
from tenants.scope import tenant_scope


class ProfileChanges(TypedDict, total=False):
    """What people may change about themselves."""

    full_name: str
    avatar: str | None
    preferences: dict[str, Any]


# Proving who somebody is


def prove_password(*, email: str, password: str, team: str | None, address: str) -> User:
    """Return the person whose password this is.

    Every try counts, and a failure costs the same whether or not there is such an account. Without a team, people
    who have the same password in several teams are asked which one they mean, but only after they proved it.
    Not atomic: a refusal must not undo the count of its try.
    """
    limits.count_sign_in(address=address)
    attempt = limits.begin_attempt(email=normalise_email(email))
    accounts = queries.accounts_named(email=email, team=team)
    proved = [user for user in accounts if _knows_password(user, password)]
    if not proved:
        # Without a team a failure always costs two hashes, so that it does not tell one account from two or none.
        for _ in range(len(accounts), 1 if team else 2):
            make_password(password)
        raise BadCredentials()
    attempt.forgive()
    if len(proved) > 1:
        raise TeamRequired([user.team for user in proved])
    return proved[0]


def prove_own_password(*, user: User, password: str) -> None:
    """Prove a signed-in person's password once more; failures count for the account."""
    attempt = limits.begin_attempt(email=user.email)
    if not _knows_password(user, password):
        raise BadCredentials("This is not your present password.")
    attempt.forgive()


def _knows_password(user: User, password: str) -> bool:
    with tenant_scope(user.team_id):  # an outdated hash is stored anew
        return user.check_password(password)


# Sessions of API clients


@transaction.atomic
def open_refresh_session(*, user: User, user_agent: str) -> tuple[RefreshSession, RefreshToken]:
    """Sign a person in with an API client."""
    now = timezone.now()
    token = RefreshToken.new(user.team_id, uuid4())
    with tenant_scope(user.team_id):
        RefreshSession.objects.filter(user=user, expires_at__lte=now).delete()
        session = RefreshSession.objects.create(
            id=token.session_id,
            user=user,
            token_hash=token.hash,
            user_agent=user_agent[:200],
            expires_at=now + timedelta(days=settings.REFRESH_DAYS),
        )
        User.objects.filter(pk=user.pk).update(last_login=now)
    return session, token


def rotate_refresh_token(*, token: str) -> tuple[RefreshSession, RefreshToken]:
    """Exchange a refresh token for its successor.

    One conditional UPDATE lets one of many callers win; the others, and a client that never got the answer, present
    the parent and get the same successor for a few seconds. Any older token was stolen or has a thief: the whole
    session ends. Not atomic: that end must outlive the refusal.
    """
    presented = RefreshToken.parse(token)
    with tenant_scope(presented.team_id):
        session = find(
            RefreshSession.objects.select_related("user__team"),
            id=presented.session_id,
            revoked_at=None,
            expires_at__gt=timezone.now(),
            user__is_active=True,
            user__team__is_active=True,
        )
        if session is None:
            raise BadToken()
        if not _rotated(session, presented) and not _is_recent_parent(session, presented):
            with suppress(NotFound):  # somebody else with an old token ended it at the same moment
                revoke_refresh_session(user=session.user, session_id=session.id)
            raise BadToken()
    return session, presented.successor()


def _rotated(session: RefreshSession, presented: RefreshToken) -> bool:
    now = timezone.now()
    current = RefreshSession.objects.filter(id=session.id, token_hash=presented.hash, revoked_at=None)
    changed = current.update(
        token_hash=presented.successor().hash,
        parent_hash=presented.hash,
        rotated_at=now,
        expires_at=now + timedelta(days=settings.REFRESH_DAYS),
    )
    return changed == 1


def _is_recent_parent(session: RefreshSession, presented: RefreshToken) -> bool:
    since = timezone.now() - timedelta(seconds=settings.REFRESH_GRACE_SECONDS)
    return RefreshSession.objects.filter(
        id=session.id, parent_hash=presented.hash, rotated_at__gte=since, revoked_at=None
    ).exists()


def revoke_refresh_session(*, user: User, session_id: UUID) -> None:
    """End one session of a person; raise `NotFound` when there is none open."""
    sessions = queries.open_refresh_sessions(user).filter(id=session_id)
    if not sessions.update(revoked_at=timezone.now()):
        raise NotFound()


def sign_out_client(*, principal: Principal | None, refresh_token: str | None) -> None:
    """End the sessions that an API client's credentials belong to; what is no good is passed over."""
    if principal is not None and principal.proof in {Proof.JWT_COOKIE, Proof.BEARER}:
        with suppress(NotFound):
            revoke_refresh_session(user=principal.user, session_id=UUID(principal.credential_id))
    with suppress(BadToken):
        token = RefreshToken.parse(refresh_token or "")
        with tenant_scope(token.team_id):
            RefreshSession.objects.filter(
                Q(token_hash=token.hash) | Q(parent_hash=token.hash), id=token.session_id, revoked_at=None
            ).update(revoked_at=timezone.now())


# Sessions of pages


def sign_in_page(request: HttpRequest, user: User) -> None:
    """Sign a person in on the pages, under a new session key."""
    with tenant_scope(user.team_id):
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    request.session[SESSION_TEAM_KEY] = str(user.team_id)


def sign_out_page(request: HttpRequest) -> None:
    """Sign the browser's page session out."""
    logout(request)


# People


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
    user = User(team=team, email=normalise_email(email), full_name=full_name, role=role)
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
    team = Team.objects.select_for_update().get(id=team_id)
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
