"""Who is asking."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.http import HttpRequest

from accounts.models import User


class Proof(StrEnum):
    """How the caller proved who they are."""

    SESSION = "session"
    JWT_COOKIE = "jwt_cookie"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person of an active team; `credential_id` is the refresh session's id or the Django session's key."""

    user: User
    proof: Proof
    credential_id: str

    @property
    def team_id(self) -> UUID:
        return self.user.team_id


class PrincipalRequest(HttpRequest):
    """A request behind the middleware; `user` is set when there is a principal."""

    principal: Principal | None
    user: User  # type: ignore[assignment]
