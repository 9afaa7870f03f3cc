"""A running server, and for each test somebody who is signed in and has things of their own.

The things are made anew for each test, because one may delete what the next one needs. People are signed in anew only
when a test has signed them out: proving a password is meant to be dear.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from schemathesis.transport.requests import ManagedCookiesSession, RequestsTransport

from tests.live.people import Person
from tests.servers import Server, start_server

QUICK = {"demo_seconds": 0.01}


@dataclass(frozen=True)
class Caller:
    """How a role calls: its credentials, and what exists for it, by the id's name or the part of a path before it."""

    headers: dict[str, str] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    limits = ("LOGIN_RATE_PER_MINUTE", "SHARE_MISSES_PER_MINUTE", "SHARE_JOINS_PER_MINUTE")
    patience = {"ACCESS_TOKEN_SECONDS": "3600", **dict.fromkeys(limits, "100000")}
    folder = tmp_path_factory.mktemp("schema")
    with start_server(folder, **patience) as server:
        yield server


@pytest.fixture(scope="session", autouse=True)
def one_connection() -> Iterator[None]:
    """Send all calls over one connection, as opening one costs about as much as an answer; no cookie is kept."""
    send = RequestsTransport.send

    def send_over_it(self: RequestsTransport, case: Any, **sent: Any) -> Any:
        return send(self, case, **sent | {"session": connection})

    with ManagedCookiesSession() as connection, pytest.MonkeyPatch.context() as patch:
        connection.headers.clear()
        connection.trust_env = False
        patch.setattr(RequestsTransport, "send", send_over_it)
        yield


@pytest.fixture(scope="session")
def people(server: Server) -> Iterator[dict[str, Person]]:
    """The demo's people; its agent, which the examples of the description name, answers at once."""
    demo = server.demo
    with member(server, demo["admin"]) as admin, member(server, demo["user"]) as user:
        admin.patch(f"/api/agents/{demo['agent']['id']}", json={"config": QUICK}).raise_for_status()
        yield {"admin": admin, "user": user}


@pytest.fixture
def caller(request: pytest.FixtureRequest, people: dict[str, Person]) -> Caller:
    """The caller of the role that the test names."""
    role = request.param
    admin, person = people["admin"], people.get(role, people["user"])
    for one in {admin, person}:
        stay_signed_in(one)
    agent = admin.post("/api/agents", json={"name": "Quick", "kind": "demo", "config": QUICK}).raise_for_status()
    agent_id = agent.json()["id"]
    chat = person.new_chat(agent_id)
    person.post(f"/api/chats/{chat}/messages", json={"content": "Hello"}).raise_for_status()
    link = person.post(f"/mid/sessions/{chat}/share", json={"max_concurrent_users": 1000}).raise_for_status().json()
    bench = person.get("/api/bench/sessions").raise_for_status().json()["sessions"][0]["session_id"]
    asked = {"name": uuid4().hex, "questions": [{"body": "How do I close a card?"}]}
    kept = person.post("/api/bench/sets", json=asked).raise_for_status().json()["set_id"]
    known = {"agents": agent_id, "chats": chat, "sessions": chat, "share": link["share_token"]}
    known |= {"bench_id": bench, "set_id": kept}
    return Caller({} if role == "anonymous" else {"Authorization": f"Bearer {person.cookies['access_token']}"}, known)


def member(server: Server, who: dict[str, str]) -> Person:
    return Person(server, who["email"], who["password"])


def stay_signed_in(person: Person) -> None:
    """Sign somebody in again whom a test has signed out."""
    if person.get("/api/auth/me").status_code == 401:
        wanted = {"email": person.email, "password": person.password}
        person.post("/api/auth/login", json=wanted).raise_for_status()
