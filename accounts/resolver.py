"""The one resolver of who is asking: header, then the API client's cookie, then the page's session.

The team is known from the credential itself, so the person is looked up inside the team's scope: somebody who was
moved, deactivated or signed out is simply not found at the next request.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any
from uuid import UUID

from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.exceptions import BadToken
from accounts.models import User
from accounts.principal import Principal, Proof
from accounts.tokens import read_access_token
from tenants.managers import find
from tenants.scope import tenant_scope

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
SESSION_TEAM_KEY = "team_id"
# Held to the scope only where it is asked, like every queryset of tenants.
_PEOPLE = User.objects.select_related("team").filter(is_active=True, team__is_active=True)


def from_request(request: HttpRequest) -> Principal | None:
    """Return who sends the request, or None; a bad header stays None and becomes 401 where one is needed."""
    return _resolve(request.headers.get("Authorization", ""), request.COOKIES, lambda: request.session)


async def from_handshake(headers: Mapping[str, str], *, cookies_count: bool) -> Principal | None:
    """Return who opens the socket, or None; cookies are looked at only when they count."""
    cookies = parse_cookie(headers.get("cookie", "") if cookies_count else "")
    resolve = database_sync_to_async(_resolve, thread_sensitive=False)
    principal: Principal | None = await resolve(
        headers.get("authorization", ""), cookies, lambda: _stored_session(cookies)
    )
    return principal


async def still_valid(principal: Principal) -> bool:
    """Tell whether an open socket's principal would still be let in."""
    check = database_sync_to_async(_would_be_let_in, thread_sensitive=False)
    return bool(await check(principal))


def _would_be_let_in(principal: Principal) -> bool:
    if principal.proof is Proof.SESSION:
        session = _stored_session({settings.SESSION_COOKIE_NAME: principal.credential_id})
        return _by_session(session) is not None
    return _by_refresh_session(principal.team_id, UUID(principal.credential_id), principal.proof) is not None


def bearer_token(authorization: str) -> str | None:
    """Return the token in an `Authorization` header, None if it is of another scheme: a proxy in front has its own."""
    scheme, _, credential = authorization.partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def _resolve(authorization: str, cookies: Mapping[str, str], session: Callable[[], Any]) -> Principal | None:
    if (token := bearer_token(authorization)) is not None:
        return _by_access_token(token, Proof.BEARER)
    if principal := _by_access_token(cookies.get(ACCESS_COOKIE, ""), Proof.JWT_COOKIE):
        return principal
    if cookies.get(settings.SESSION_COOKIE_NAME):
        return _by_session(session())
    return None


def _by_access_token(text: str, proof: Proof) -> Principal | None:
    try:
        claims = read_access_token(text)
    except BadToken:
        return None
    return _by_refresh_session(claims.team_id, claims.session_id, proof)


def _by_refresh_session(team_id: UUID, session_id: UUID, proof: Proof) -> Principal | None:
    with tenant_scope(team_id):
        user = find(
            _PEOPLE,
            refresh_sessions__id=session_id,
            refresh_sessions__revoked_at=None,
            refresh_sessions__expires_at__gt=timezone.now(),
        )
    return Principal(user, proof, str(session_id)) if user else None


def _by_session(session: Any) -> Principal | None:
    try:
        team_id, user_id = UUID(session[SESSION_TEAM_KEY]), UUID(session[SESSION_KEY])
    except (KeyError, ValueError, TypeError):
        return None
    with tenant_scope(team_id):
        user = find(_PEOPLE, id=user_id)
    if user is None or not _same_password(session.get(HASH_SESSION_KEY, ""), user):
        return None
    return Principal(user, Proof.SESSION, session.session_key)


def _same_password(stored_hash: str, user: User) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stored_hash, known) for known in hashes)


def _stored_session(cookies: Mapping[str, str]) -> Any:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return store(cookies.get(settings.SESSION_COOKIE_NAME))
