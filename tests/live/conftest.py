"""A running server with the demo people, an agent under the test's control, and both databases."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.homes import POSTGRES
from tests.live.agent import LiveAgent, live_agent
from tests.live.people import Person
from tests.servers import Server, start_beside, start_server

Demo = dict[str, Any]
REDIS = os.environ.get("TEST_REDIS_URL", "")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests that do not break it."""
    with start_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def demo(server: Server) -> Demo:
    return server.demo


@pytest.fixture(scope="session")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server, Demo]]:
    """Two servers that share a database, a channel layer and their keys."""
    if not POSTGRES:
        pytest.skip("two processes share PostgreSQL; this is the SQLite run")
    if not REDIS:
        pytest.skip("no Redis: TEST_REDIS_URL is not set")
    folder = tmp_path_factory.mktemp("pair")
    shared = {"REDIS_URL": REDIS, "REDIS_PREFIX": f"test-{secrets.token_hex(4)}", "SHARE_LEASE_SECONDS": "10"}
    with start_server(folder, **shared) as first, start_beside(first) as second:
        yield first, second, first.demo


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
