"""Clients that speak JSON, and sign-ins that do not run into the limit by accident."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.http import HttpResponse
from django.test import Client

from accounts import mail
from accounts.models import User
from tenants.scope import tenant_scope
from tests.factories import PASSWORD
from tests.isolation.conftest import sits

__all__ = ["ApiClient", "sits", "stored"]


class ApiClient(Client):
    """A client of the API; its tries come from an address of its own."""

    def send(self, path: str, body: Any = None, method: str = "post", **extra: Any) -> HttpResponse:
        return getattr(self, method)(path, data=body, content_type="application/json", **extra)

    def login(self, email: str = "owner@ours.org", password: str = PASSWORD, **more: Any) -> HttpResponse:  # type: ignore[override]
        return self.send("/api/auth/login", {"email": email, "password": password, **more})


def stored(user: User) -> User:
    """Return a person as they are now."""
    with tenant_scope(user.team_id):
        return User.objects.get(id=user.id)


@pytest.fixture
def api() -> ApiClient:
    return ApiClient()


@pytest.fixture
def generous(settings: Any) -> None:
    """Let a test sign in as often as it wants."""
    settings.LOGIN_RATE_PER_MINUTE = settings.LOGIN_FAILURES_PER_ACCOUNT = 1000


class AtOnce(Executor):
    """Do in the same thread, at once, what else another thread would do some time."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # type: ignore[override]
        future: Future[Any] = Future()
        future.set_result(work(*args, **kwargs))
        return future


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch, mailoutbox: list[EmailMessage]) -> list[EmailMessage]:
    """Return the mail that was sent; it is sent while the request is being answered."""
    monkeypatch.setattr(mail, "_post_room", AtOnce())
    return mailoutbox
