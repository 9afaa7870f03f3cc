"""Who may: declared by viewsets, answered here."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User


class IsMember(BasePermission):
    """Anybody signed in."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User)


class IsTeamAdmin(IsMember):
    """The team's admins."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, User) and request.user.is_team_admin
