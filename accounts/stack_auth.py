"""The word of Stack Auth: a person's access token, verified with the keys that the project publishes.

A token of a normal user has the project's id as its audience and lives for 10 minutes; those of anonymous and
restricted users have `<id>:anon` and `<id>:restricted`, and other issuers. Everything is compared exactly.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from time import monotonic
from typing import Any, Final
from uuid import UUID

import httpx
import jwt
from django.conf import settings

from accounts.actions.sync import ExternalPerson
from accounts.exceptions import BadToken, EmailNotVerified, IdentityProviderUnavailable
from accounts.models import normalise_email
from tenants.managers import find
from tenants.models import Team

logger = logging.getLogger(__name__)
ALGORITHM: Final = "ES256"
MAX_LIFE_SECONDS: Final = 600
CLOCK_SKEW_SECONDS: Final = 5
KEPT_SECONDS: Final = 300
ASKED_AGAIN_SECONDS: Final = 60  # for a key that is not among those kept
RETRY_SECONDS: Final = 5  # where none are kept
FETCH_SECONDS: Final = 5
MAX_JWKS_BYTES: Final = 64 * 1024
REQUIRED: Final = ["sub", "iss", "aud", "exp", "iat", "email"]


@dataclass(frozen=True, slots=True)
class StackPerson:
    """Somebody with a good token and a verified address, in the team that the settings name."""

    team_id: UUID
    subject: str
    email: str

    def vouched_for(self, person: ExternalPerson) -> ExternalPerson:
        """Return a person with Stack Auth's word for the address; raise `BadToken` where it is not for them."""
        if (person.subject, person.email) != (self.subject, self.email):
            raise BadToken("The token is another person's than the one to be synced.")
        return replace(person, email_verified=True)


def verified(token: str) -> StackPerson:
    """Return whose token it is.

    Raises `BadToken`, `EmailNotVerified`, and `IdentityProviderUnavailable` while there are no keys to verify with.
    """
    if not settings.STACK_AUTH_PROJECT_ID:
        raise BadToken()
    claims = _claims(token)
    team = find(Team.objects.all(), slug=settings.STACK_AUTH_TEAM, is_active=True)
    if team is None:
        logger.error("STACK_AUTH_TEAM names no active team.")
        raise BadToken()
    if claims.get("email_verified") is not True:
        raise EmailNotVerified()
    return StackPerson(team.id, claims["sub"], normalise_email(claims["email"]))


def _claims(token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        if header.get("alg") != ALGORITHM:
            raise BadToken()
        claims: dict[str, Any] = jwt.decode(
            token,
            _key_set(settings.STACK_AUTH_JWKS_URL).key(str(header.get("kid"))),
            algorithms=[ALGORITHM],
            audience=settings.STACK_AUTH_PROJECT_ID,
            issuer=settings.STACK_AUTH_ISSUER,
            leeway=CLOCK_SKEW_SECONDS,
            options={"require": REQUIRED, "strict_aud": True},
        )
    except (jwt.PyJWTError, ValueError, OverflowError, RecursionError):
        raise BadToken() from None
    is_normal = not (claims.get("is_anonymous") or claims.get("is_restricted"))
    if int(claims["exp"]) - int(claims["iat"]) > MAX_LIFE_SECONDS or not is_normal:
        raise BadToken()
    if not isinstance(claims["email"], str):
        raise BadToken()
    return claims


class KeySet:
    """The public keys of one address, kept for five minutes; somebody's invented key is asked for once a minute."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._fetched_at = self._tried_at = float("-inf")

    def key(self, kid: str) -> jwt.PyJWK:
        """Return a key; raise `BadToken` where there is none, `IdentityProviderUnavailable` where nobody knows."""
        if self._is_due(kid):
            if not self._lock.acquire(timeout=FETCH_SECONDS):
                raise IdentityProviderUnavailable()
            try:
                if self._is_due(kid):
                    self._fetch()
            finally:
                self._lock.release()
        if not self._is_fresh():
            raise IdentityProviderUnavailable()
        key = self._keys.get(kid)
        if key is None:
            raise BadToken()
        return key

    def _is_fresh(self) -> bool:
        return monotonic() < self._fetched_at + KEPT_SECONDS

    def _is_due(self, kid: str) -> bool:
        if not self._is_fresh():
            return monotonic() >= self._tried_at + RETRY_SECONDS
        return kid not in self._keys and monotonic() >= self._tried_at + ASKED_AGAIN_SECONDS

    def _fetch(self) -> None:
        try:
            self._keys = _read_keys(asyncio.run(_download(self._url)))
            self._fetched_at = monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, RecursionError) as error:
            logger.warning("The keys of Stack Auth cannot be had: %s", repr(error)[:200])
        finally:
            self._tried_at = monotonic()


@cache
def _key_set(url: str) -> KeySet:
    return KeySet(url)


async def _download(url: str) -> bytes:
    """Return a body of bearable size, in bearable time, from nowhere but that address."""
    body = b""
    async with (
        asyncio.timeout(FETCH_SECONDS),
        httpx.AsyncClient(trust_env=False) as client,
        client.stream("GET", url, headers={"Accept": "application/json", "Accept-Encoding": "identity"}) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"status {answer.status_code}")
        async for piece in answer.aiter_raw():
            body += piece
            if len(body) > MAX_JWKS_BYTES:
                raise ValueError("too large")
    return body


def _read_keys(body: bytes) -> dict[str, jwt.PyJWK]:
    """Return the keys that may sign, by their ids; what is of another kind is passed over."""
    document = json.loads(body)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("no JWKS")
    usable = [entry for entry in entries if isinstance(entry, dict) and _may_sign(entry)]
    keys = {}
    for entry in usable:
        try:
            keys[entry["kid"]] = jwt.PyJWK(entry, ALGORITHM)
        except jwt.PyJWTError:
            continue
    if not keys:
        raise ValueError("no usable key")
    return keys


def _may_sign(entry: dict[str, Any]) -> bool:
    given = (entry.get("kty"), entry.get("crv"), entry.get("use", "sig"), entry.get("alg", ALGORITHM))
    return given == ("EC", "P-256", "sig", ALGORITHM) and isinstance(entry.get("kid"), str)
