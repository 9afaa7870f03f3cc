"""The cast: an owner, an admin, a teammate and an outsider who must not get in."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.contenttypes.management import create_contenttypes
from django.db.models.signals import post_migrate
from django.test import Client
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts.hashers import Argon2idHasher
from accounts.models import OPERATORS_SLUG, User
from tenants.models import Team
from tests.emptying import delete_rows
from tests.factories import TeamFactory, UserFactory
from tests.kept import Kept

REAL_MEMORY_COST = Argon2idHasher.memory_cost


@pytest.fixture(scope="session", autouse=True)
def garbage_sought_seldom() -> None:
    """Leave what was imported and collected out of the search for garbage: going over it again and again is dear."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hash as always, but in a fortieth of the memory and the time; servers that tests start do the real thing."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Argon2idHasher, "memory_cost", 1024)
        yield


@pytest.fixture(scope="session", autouse=True)
def static_files_looked_up_once() -> Iterator[None]:
    """Keep what WhiteNoise finds: each test client loads the middleware anew, and each time it walks all files."""
    found: dict[str, Any] = {}

    def add_files_from_finders(self: WhiteNoiseMiddleware) -> None:
        if not found:
            walk(self)
            found.update(self.files)
        self.files.update(found)

    walk = WhiteNoiseMiddleware.add_files_from_finders
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", add_files_from_finders)
        yield


@pytest.fixture(scope="session", autouse=True)
def emptied_cheaply() -> Iterator[None]:
    """Empty only the tables that hold rows; and make no permissions of Django, which nobody here is asked for."""
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.core.management.commands.flush.sql_flush", delete_rows)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """Keep the content types that the migrations made, instead of looking for new ones after each flush."""
    post_migrate.disconnect(create_contenttypes)


@dataclass
class Cast:
    team: Team
    owner: User
    admin: User
    teammate: User
    other_team: Team
    outsider: User
    other_admin: User
    operator: User


@Kept
def kept_cast() -> Cast:
    team, other = TeamFactory(slug="ours"), TeamFactory(slug="theirs")
    return Cast(
        team=team,
        owner=UserFactory(team=team, email="owner@ours.org"),
        admin=UserFactory(team=team, email="admin@ours.org", role="admin"),
        teammate=UserFactory(team=team, email="teammate@ours.org"),
        other_team=other,
        outsider=UserFactory(team=other, email="outsider@theirs.org"),
        other_admin=UserFactory(team=other, email="admin@theirs.org", role="admin"),
        operator=UserFactory(
            team=TeamFactory(slug=OPERATORS_SLUG), email="operator@parley.test", role="admin", is_superuser=True
        ),
    )


@pytest.fixture
def cast(db: Any) -> Cast:
    return kept_cast()


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    """Return a test client that is signed in as a person through the API's own tokens."""
    from accounts.actions.clients import open_refresh_session
    from accounts.tokens import access_token
    from tenants.scope import tenant_scope

    def sign_in(user: User) -> Client:
        with tenant_scope(user.team_id):
            session, _ = open_refresh_session(user=user, user_agent="test")
        return Client(headers={"authorization": f"Bearer {access_token(session)}"})

    return sign_in
