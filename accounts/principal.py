"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.http import HttpRequest

from accounts.models import Scope, User


class Proof(StrEnum):
    """How the caller proved who they are."""

    SESSION = "session"
    JWT_COOKIE = "jwt_cookie"
    BEARER = "bearer"
    API_KEY = "api_key"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person of an active team, or the team's own key, which has no person.

    `credential_id` is the id of the refresh session or the key, or the Django session's key. `scopes` is what a key
    opens; None is a person at work, who may do all that their role allows. See `accounts.signatures` for a key that
    needs a signature.
    """

    team_id: UUID
    user: User | None
    proof: Proof
    credential_id: str
    scopes: frozenset[str] | None = None
    key_prefix: str = ""
    needs_signature: bool = False

    @property
    def is_person(self) -> bool:
        """Tell a person at work from a key: pages and the admin are for people."""
        return self.user is not None and self.scopes is None

    def may(self, scope: Scope | None) -> bool:
        """Tell whether the credential opens what asks for a scope; what names none is closed to every key."""
        return self.scopes is None or scope in self.scopes


class PrincipalRequest(HttpRequest):
    """A request behind the middleware; `user` is set when a person is at work."""

    principal: Principal | None
    user: User  # type: ignore[assignment]
