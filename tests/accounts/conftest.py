"""Clients that speak JSON, and sign-ins that do not run into the limit by accident."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from tests.factories import PASSWORD


class ApiClient(Client):
    """A client of the API; its tries come from an address of its own."""

    def send(self, path: str, body: Any = None, method: str = "post", **extra: Any) -> HttpResponse:
        return getattr(self, method)(path, data=body, content_type="application/json", **extra)

    def login(self, email: str = "owner@ours.org", password: str = PASSWORD, **more: Any) -> HttpResponse:  # type: ignore[override]
        return self.send("/api/auth/login", {"email": email, "password": password, **more})


@pytest.fixture
def api() -> ApiClient:
    return ApiClient()


@pytest.fixture
def generous(settings: Any) -> None:
    """Let a test sign in as often as it wants."""
    settings.LOGIN_RATE_PER_MINUTE = settings.LOGIN_FAILURES_PER_ACCOUNT = 1000
