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


def principal_within_scope(request: Request, view: Any) -> Principal | None:
    """Return who asks, None for nobody; raise `ScopeRequired` where a key does not open the call."""
    principal = request.auth
    if not isinstance(principal, Principal):
        return None
    scope = required_scope(view, request.method or "")
    if not principal.may(scope):
        raise ScopeRequired(scope)
    return principal


class IsMember(BasePermission):
    """Anybody signed in, or a person's key within its scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = principal_within_scope(request, view)
        return principal is not None and principal.user is not None


class IsTeamAdmin(BasePermission):
    """The team's admins."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = principal_within_scope(request, view)
        return principal is not None and principal.user is not None and principal.user.is_team_admin


class IsTrustedBackEnd(BasePermission):
    """The team's own keys, which belong to no person, within their scopes."""

    def has_permission(self, request: Request, view: Any) -> bool:
        principal = principal_within_scope(request, view)
        return principal is not None and principal.user is None
