"""Two furnished teams, and people who sit before a browser."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.test import Client

from accounts.models import User
from accounts.resolver import SESSION_TEAM_KEY
from accounts.sessions import SessionStore
from tests.conftest import Cast, kept_cast
from tests.isolation.world import Side, furnish
from tests.kept import Kept

SignIn = Callable[[User], Client]


@dataclass
class World:
    ours: Side
    theirs: Side


@pytest.fixture
def sits() -> SignIn:
    """Return a browser in which a person is signed in."""

    def sits(user: User) -> Client:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session[SESSION_TEAM_KEY] = str(user.team_id)
        session.create()
        client = Client()
        client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
        return client

    return sits


@Kept
def kept_world() -> tuple[Cast, World]:
    cast = kept_cast.copy()  # not the test's own, which may have changed it already
    return cast, World(furnish(cast.owner, agents=2), furnish(cast.outsider, agents=3))


@pytest.fixture
def world(cast: Cast) -> World:
    """Our team has the agents o1 and o2, theirs t1, t2 and t3; both have a row of every model."""
    people, world = kept_world()
    vars(cast).update(vars(people))  # one object a person, here and there
    return world
