"""People who sit before the administration."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from accounts.resolver import SESSION_TEAM_KEY
from tenants.scope import tenant_scope
from tests.isolation.conftest import World, quick_passwords, world  # noqa: F401 - fixtures

SignIn = Callable[[User], Client]


@pytest.fixture
def sits() -> SignIn:
    """Return a browser in which a person is signed in."""

    def sits(user: User) -> Client:
        client = Client()
        with tenant_scope(user.team_id):
            client.force_login(user)
        session = client.session
        session[SESSION_TEAM_KEY] = str(user.team_id)
        session.save()
        return client

    return sits
