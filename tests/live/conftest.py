"""A running server with the demo people, an agent under the test's control, and both databases."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.live.agent import LiveAgent, live_agent
from tests.live.people import Person
from tests.servers import Server, start_server

Demo = dict[str, Any]
REDIS = os.environ.get("TEST_REDIS_URL", "")
ON_POSTGRES = os.environ.get("DATABASE_URL", "").startswith("postgres")


@contextmanager
def fresh_database() -> Iterator[dict[str, str]]:
    """Give servers a database of the kind that the suite runs on: SQLite in their folder, or a new PostgreSQL one."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        yield {}
        return
    name = f"parley_live_{secrets.token_hex(6)}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield {"DATABASE_URL": urlsplit(address)._replace(path=f"/{name}").geturl()}
    finally:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not break it."""
    with fresh_database() as database, start_server(tmp_path_factory.mktemp("server"), **database) as server:
        yield server


@pytest.fixture(scope="session")
def demo(server: Server) -> Demo:
    return json.loads(server.manage("demo", "--json"))


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server, Demo]]:
    """Two servers that share a database, a channel layer and their keys."""
    if not ON_POSTGRES:
        pytest.skip("two processes share PostgreSQL; this is the SQLite run")
    if not REDIS:
        pytest.skip("no Redis: TEST_REDIS_URL is not set")
    folder = tmp_path_factory.mktemp("pair")
    shared = {"REDIS_URL": REDIS, "REDIS_PREFIX": f"test-{secrets.token_hex(4)}"}
    with fresh_database() as database, ExitStack() as stack:
        first = stack.enter_context(start_server(folder, **database, **shared))
        second = stack.enter_context(start_server(folder, migrate=False, **database, **shared))
        yield first, second, json.loads(first.manage("demo", "--json"))


@pytest.fixture
def agent() -> Iterator[LiveAgent]:
    with live_agent() as agent:
        yield agent


@pytest.fixture
def sign_in(server: Server) -> Iterator[Callable[[Demo], Person]]:
    with ExitStack() as stack:
        yield lambda who: stack.enter_context(Person(server, who["email"], who["password"]))


@pytest.fixture
def user(demo: Demo, sign_in: Callable[[Demo], Person]) -> Person:
    return sign_in(demo["user"])


@pytest.fixture
def admin(demo: Demo, sign_in: Callable[[Demo], Person]) -> Person:
    return sign_in(demo["admin"])


def add_agent(admin: Person, url: str, **fields: Any) -> str:
    """Add a webhook agent; return its id."""
    answer = admin.post("/api/agents", json={"name": "Live", "kind": "webhook", "webhook_url": url, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


@pytest.fixture
def chat(user: Person, admin: Person, agent: LiveAgent) -> str:
    """A chat of the user with the live agent."""
    return user.new_chat(add_agent(admin, agent.url))
