"""The sessions of API clients and their rotating refresh tokens."""

from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import audit, queries
from accounts.audit import AuditAction
from accounts.exceptions import BadCredentials, BadToken
from accounts.models import RefreshSession, User
from accounts.principal import Principal, Proof
from accounts.tokens import RefreshToken
from tenants.exceptions import NotFound
from tenants.managers import find
from tenants.scope import tenant_scope


@transaction.atomic
def open_refresh_session(*, user: User, user_agent: str) -> tuple[RefreshSession, RefreshToken]:
    """Sign a person in with an API client; raise `BadCredentials` if their password is no longer the one proved.

    It takes hold of the person first: whoever changes the password either waits, and ends this session too, or came
    before and is seen.
    """
    now = timezone.now()
    token = RefreshToken.new(user.team_id, uuid4())
    with tenant_scope(user.team_id):
        as_proved = User.objects.filter(pk=user.pk, password=user.password, is_active=True)
        if not as_proved.update(last_login=now):
            raise BadCredentials()
        RefreshSession.objects.filter(user=user, expires_at__lte=now).delete()
        session = RefreshSession.objects.create(
            id=token.session_id,
            user=user,
            token_hash=token.hash,
            user_agent=user_agent[:200],
            expires_at=now + timedelta(days=settings.REFRESH_DAYS),
        )
    audit.record(AuditAction.SIGNED_IN, team_id=user.team_id, target=user, actor=user, via="api")
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
            _end_family(session)
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


@transaction.atomic
def _end_family(session: RefreshSession) -> None:
    """End a session of which a used token was presented, unless somebody else with one did so at the same moment."""
    if _end(RefreshSession.objects.filter(id=session.id)):
        audit.record(AuditAction.TOKEN_REPLAYED, team_id=session.team_id, target=session.user)


def _end(sessions: QuerySet[RefreshSession]) -> int:
    return sessions.filter(revoked_at=None).update(revoked_at=timezone.now())


@transaction.atomic
def revoke_refresh_session(*, user: User, session_id: UUID) -> None:
    """End one session of a person; raise `NotFound` when there is none open."""
    if not _end(queries.open_refresh_sessions(user).filter(id=session_id)):
        raise NotFound()
    audit.record(AuditAction.CLIENT_REVOKED, team_id=user.team_id, target=user)


@transaction.atomic
def revoke_refresh_sessions(*, sessions: QuerySet[RefreshSession]) -> int:
    """End some sessions, of whichever people and teams are in scope; return how many were open."""
    found = list(sessions.filter(revoked_at=None).select_related("user").select_for_update(of=("self",)))
    _end(RefreshSession.objects.filter(id__in=[session.id for session in found]))
    for session in found:
        audit.record(AuditAction.CLIENT_REVOKED, team_id=session.team_id, target=session.user)
    return len(found)


def sign_out_client(*, principal: Principal | None, refresh_token: str | None) -> None:
    """End the sessions that an API client's credentials belong to; what is no good is passed over."""
    if principal and principal.user and principal.proof in {Proof.JWT_COOKIE, Proof.BEARER}:
        _sign_out(principal.team_id, Q(id=UUID(principal.credential_id)))
    with suppress(BadToken):
        token = RefreshToken.parse(refresh_token or "")
        known = Q(token_hash=token.hash) | Q(parent_hash=token.hash)
        _sign_out(token.team_id, Q(id=token.session_id) & known)


@transaction.atomic
def _sign_out(team_id: UUID, condition: Q) -> None:
    with tenant_scope(team_id):
        session = find(RefreshSession.objects.select_related("user").filter(condition))
        if session and _end(RefreshSession.objects.filter(id=session.id)):
            audit.record(AuditAction.SIGNED_OUT, team_id=team_id, target=session.user, actor=session.user)
