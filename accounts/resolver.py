"""The one resolver of who is asking: header, then the API client's cookie, then the page's session.

The team is known from the credential itself, so the person is looked up inside the team's scope: somebody who was
moved, deactivated or signed out is simply not found at the next request.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from ipaddress import ip_network
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.db.models import Q
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts import audit
from accounts.addresses import Address, believed, client_address, prefix
from accounts.exceptions import BadKey, BadToken
from accounts.keys import hash_of_key, looks_like_key, team_of_key
from accounts.models import ApiKey, User
from accounts.principal import Principal, Proof
from accounts.tokens import read_access_token
from tenants.database import in_database
from tenants.managers import find
from tenants.scope import tenant_scope

ACCESS_COOKIE = "access_token"
REFRESH_COOKIE = "refresh_token"
SESSION_TEAM_KEY = "team_id"
USE_NOTED_EVERY: Final = timedelta(minutes=1)
# Held to the scope only where it is asked, like every queryset of tenants.
_PEOPLE = User.objects.select_related("team", "tier").filter(is_active=True, team__is_active=True)
_KEYS = ApiKey.objects.select_related("team", "user__team", "user__tier").filter(
    Q(user=None) | Q(user__is_active=True), revoked_at=None, team__is_active=True
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that a call may prove itself with."""

    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    session: Callable[[], Any]
    address: Address | None


def from_request(request: HttpRequest) -> Principal | None:
    """Return who sends the request, or None; a bad header stays None and becomes 401 where one is needed."""
    return _resolve(Credentials(request.headers, request.COOKIES, lambda: request.session, client_address(request)))


async def from_handshake(headers: Mapping[str, str], *, peer: str, cookies_count: bool) -> Principal | None:
    """Return who opens the socket, or None; cookies are looked at only when they count."""
    cookies = parse_cookie(headers.get("Cookie", "") if cookies_count else "")
    address = believed(peer, headers.get("X-Forwarded-For", ""))
    credentials = Credentials(headers, cookies, lambda: _stored_session(cookies), address)
    principal = await in_database(_resolve, credentials)
    return None if principal and principal.needs_signature else principal  # a handshake has no body to sign


@contextmanager
def asking(request: HttpRequest, principal: Principal | None) -> Iterator[None]:
    """Have whatever is recorded inside say who asked, and from where."""
    with audit.asked_by(principal, client_address(request)):
        yield


async def still_valid(principal: Principal) -> bool:
    """Tell whether an open socket's principal would still be let in."""
    return await in_database(_would_be_let_in, principal)


def _would_be_let_in(principal: Principal) -> bool:
    if principal.proof is Proof.SESSION:
        session = _stored_session({settings.SESSION_COOKIE_NAME: principal.credential_id})
        return _by_session(session) is not None
    if principal.proof is Proof.API_KEY:
        with tenant_scope(principal.team_id):
            key = find(_KEYS, id=UUID(principal.credential_id))
            return key is not None and not key.has_expired
    return _by_refresh_session(principal.team_id, UUID(principal.credential_id), principal.proof) is not None


def bearer_token(headers: Mapping[str, str]) -> str | None:
    """Return the token in the `Authorization` header, None if it is of another scheme: a proxy in front has its own."""
    scheme, _, credential = headers.get("Authorization", "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else None


def has_header_credential(headers: Mapping[str, str]) -> bool:
    """Tell whether a call names a credential in a header, good or bad: then no cookie of it counts."""
    return bearer_token(headers) is not None or "X-Api-Key" in headers


def _resolve(given: Credentials) -> Principal | None:
    if (token := bearer_token(given.headers)) is not None and not looks_like_key(token):
        return _by_access_token(token, Proof.BEARER)
    if (key := token or given.headers.get("X-Api-Key")) is not None:
        return _by_key(key, given.address)
    if principal := _by_access_token(given.cookies.get(ACCESS_COOKIE, ""), Proof.JWT_COOKIE):
        return principal
    if given.cookies.get(settings.SESSION_COOKIE_NAME):
        return _by_session(given.session())
    return None


def _by_key(text: str, address: Address | None) -> Principal | None:
    try:
        team_id = team_of_key(text)
    except BadKey:
        return None
    with tenant_scope(team_id):
        key = find(_KEYS, key_hash=hash_of_key(text))
        if key is None or key.has_expired or not _is_allowed_from(key, address):
            return None
        _note_use(key, address)
    scopes = frozenset(key.scopes)
    return Principal(team_id, key.user, Proof.API_KEY, str(key.id), scopes, key.key_prefix, key.needs_signature)


def _is_allowed_from(key: ApiKey, address: Address | None) -> bool:
    if not key.allowed_networks:
        return True
    return address is not None and any(address in ip_network(text) for text in key.allowed_networks)


def _note_use(key: ApiKey, address: Address | None) -> None:
    """Note when and from where a key was used, once a minute at most, whichever process is first."""
    now = timezone.now()
    if key.last_used_at is None or key.last_used_at <= now - USE_NOTED_EVERY:
        unnoted = ApiKey.objects.filter(id=key.id, last_used_at=key.last_used_at)
        unnoted.update(last_used_at=now, last_used_from=prefix(address))


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
    return Principal(team_id, user, proof, str(session_id)) if user else None


def _by_session(session: Any) -> Principal | None:
    try:
        team_id, user_id = UUID(session[SESSION_TEAM_KEY]), UUID(session[SESSION_KEY])
    except (KeyError, ValueError, TypeError):
        return None
    with tenant_scope(team_id):
        user = find(_PEOPLE, id=user_id)
    if user is None or not _same_password(session.get(HASH_SESSION_KEY, ""), user):
        return None
    return Principal(team_id, user, Proof.SESSION, session.session_key)


def _same_password(stored_hash: str, user: User) -> bool:
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(stored_hash, known) for known in hashes)


def _stored_session(cookies: Mapping[str, str]) -> Any:
    store = import_module(settings.SESSION_ENGINE).SessionStore
    return store(cookies.get(settings.SESSION_COOKIE_NAME))
