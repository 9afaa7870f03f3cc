"""Who may: declared by viewsets, answered here."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from accounts.exceptions import ScopeRequired
from accounts.models import Scope
from accounts.principal import Principal


def required_scope(view: Any, method: str) -> Scope | None:
    """Return the scope that a key needs for a call, as the view declares it; None closes the call to every key."""
    scope: Scope | None = getattr(view, "read_scope" if method in SAFE_METHODS else "write_scope", None)
    return scope


class Known(BasePermission):
    """Somebody known, of the kind that `lets_in` says; a key only within its scopes.

    Raises `ScopeRequired` where a key does not open the call. A method that the view does not have is refused as
    such, whoever asks.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = request.auth
        if not isinstance(principal, Principal):
            return False
        method = request.method or ""
        if not hasattr(view, method.lower()):
            return True
        scope = required_scope(view, method)
        if not principal.may(scope):
            raise ScopeRequired(scope)
        return self.lets_in(principal)

    def lets_in(self, principal: Principal) -> bool:
        """Tell whether the call is for such a principal."""
        raise NotImplementedError


class IsMember(Known):
    """Anybody signed in, and people's keys."""

    def lets_in(self, principal: Principal) -> bool:
        return principal.user is not None


class IsTeamAdmin(Known):
    """The team's admins, and their keys."""

    def lets_in(self, principal: Principal) -> bool:
        return principal.user is not None and principal.user.is_team_admin


class IsTrustedBackEnd(Known):
    """The team's own keys, which belong to no person."""

    def lets_in(self, principal: Principal) -> bool:
        return principal.user is None
