"""What Django asks about people."""

from typing import Any

from django.contrib.auth.backends import BaseBackend
from django.http import HttpRequest

from accounts.models import User


class TeamBackend(BaseBackend):
    """Let nobody in by itself: `accounts.actions` proves a password, `accounts.resolver` finds a session's person."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        return None

    def get_user(self, user_id: Any) -> User | None:
        return None
