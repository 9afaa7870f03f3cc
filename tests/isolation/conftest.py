"""Two furnished teams, and people who sit before a browser."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.test import Client

from accounts.models import User
from accounts.resolver import SESSION_TEAM_KEY
from tenants.scope import tenant_scope
from tests.conftest import Cast
from tests.isolation.world import Side, furnish

SignIn = Callable[[User], Client]


@dataclass
class World:
    ours: Side
    theirs: Side


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


@pytest.fixture
def world(cast: Cast) -> World:
    """Our team has the agents o1 and o2, theirs t1, t2 and t3; both have a row of every model."""
    return World(furnish(cast.owner, agents=2), furnish(cast.outsider, agents=3))
