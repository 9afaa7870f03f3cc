"""The two tokens of an API client: a short signed access token and a rotating refresh token.

A refresh token is `<team>.<session>.<secret>`; the team stands in it, so that it is looked up inside the scope.
The next secret is derived from the present one with a key of ours. So the parent token, presented again within the
grace time, leads to the same successor, while the table keeps hashes only.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken as SignedToken

from accounts.exceptions import BadToken
from accounts.models import RefreshSession


def keyed_hash(purpose: str, value: str) -> str:
    """Return the hexadecimal HMAC-SHA-256 of a value under the token pepper."""
    return hmac.new(settings.TOKEN_PEPPER.encode(), f"{purpose}:{value}".encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token taken apart."""

    team_id: UUID
    session_id: UUID
    secret: str

    @classmethod
    def new(cls, team_id: UUID, session_id: UUID) -> Self:
        return cls(team_id, session_id, secrets.token_hex(32))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a token apart; raise `BadToken` on anything that cannot be one."""
        try:
            team, session, secret = text.split(".")
            return cls(UUID(team), UUID(session), secret)
        except ValueError:
            raise BadToken() from None

    def __str__(self) -> str:
        return f"{self.team_id.hex}.{self.session_id.hex}.{self.secret}"

    @property
    def hash(self) -> str:
        return keyed_hash("refresh", self.secret)

    def successor(self) -> Self:
        """Return the token that follows this one, always the same."""
        return type(self)(self.team_id, self.session_id, keyed_hash("refresh-next", self.secret))


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says."""

    user_id: UUID
    team_id: UUID
    session_id: UUID


def access_token(session: RefreshSession) -> str:
    """Sign an access token for a session."""
    token = SignedToken()
    token["sub"] = str(session.user_id)
    token["team"] = str(session.team_id)
    token["sid"] = str(session.id)
    return str(token)


def read_access_token(text: str) -> AccessClaims:
    """Verify an access token; raise `BadToken` on a forged, expired or foreign one."""
    try:
        claims: dict[str, Any] = SignedToken(text).payload  # type: ignore[arg-type]
        return AccessClaims(UUID(claims["sub"]), UUID(claims["team"]), UUID(claims["sid"]))
    except (TokenError, KeyError, ValueError, TypeError, AttributeError):
        raise BadToken() from None
