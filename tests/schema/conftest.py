"""A running server, and for each call people who are signed in anew with things of their own.

Anew, because a call may sign its caller out or delete what the next one needs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.live.people import Person
from tests.servers import Server, start_server

QUICK = {"demo_seconds": 0.01}


@dataclass(frozen=True)
class Caller:
    """How a role calls: its credentials, and what exists for it, by the last part of a path before the id."""

    headers: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = ("LOGIN_RATE_PER_MINUTE", "SHARE_MISSES_PER_MINUTE", "SHARE_JOINS_PER_MINUTE")
    patience = {"ACCESS_TOKEN_SECONDS": "3600", **dict.fromkeys(limits, "100000")}
    folder = tmp_path_factory.mktemp("schema")
    with start_server(folder, **patience) as server:
        yield server


@pytest.fixture(scope="session")
def demo(server: Server) -> dict:
    """The demo's people; its agent, which the examples of the description name, answers at once."""
    with sign_in(server, server.demo["admin"]) as admin:
        admin.patch(f"/api/agents/{server.demo['agent']['id']}", json={"config": QUICK}).raise_for_status()
    return server.demo


@pytest.fixture
def caller(request: pytest.FixtureRequest, server: Server, demo: dict) -> Caller:
    """The caller of the role that the test names."""
    role = request.param
    quick = {"name": "Quick", "kind": "demo", "config": QUICK}
    with sign_in(server, demo["admin"]) as admin, sign_in(server, demo.get(role, demo["user"])) as person:
        agent = admin.post("/api/agents", json=quick).raise_for_status().json()["id"]
        chat = person.new_chat(agent)
        person.post(f"/api/chats/{chat}/messages", json={"content": "Hello"}).raise_for_status()
        link = person.post(f"/mid/sessions/{chat}/share", json={"max_concurrent_users": 1000}).raise_for_status().json()
        known = {"agents": agent, "chats": chat, "sessions": chat, "share": link["share_token"]}
        return Caller(
            {} if role == "anonymous" else {"Authorization": f"Bearer {person.cookies['access_token']}"}, known
        )


def sign_in(server: Server, who: dict[str, str]) -> Person:
    return Person(server, who["email"], who["password"])
