"""A running server, and for each test somebody who is signed in and has things of their own.

The things are made anew for each test, because one may delete what the next one needs. People are signed in anew only
when a test has signed them out: proving a password is meant to be dear.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import httpx
import pytest
from schemathesis.transport.requests import ManagedCookiesSession, RequestsTransport

from tests.live.people import Person
from tests.servers import Server, start_server

QUICK = {"demo_seconds": 0.01}


@dataclass(frozen=True)
class Caller:
    """How a role calls: its credentials, and what makes a thing for it, by the word of a path that asks for one."""

    headers: dict[str, str]
    makers: dict[str, Callable[[], str]]

    def known(self, path: str) -> dict[str, str]:
        """Return the ids of what a path has to do with, by its words."""
        return {word: self.makers[word]() for word in re.findall(r"\w+", path) if word in self.makers}


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
    if role == "back_end":
        return request.getfixturevalue("back_end")
    admin, person = people["admin"], people.get(role, people["user"])
    for one in {admin, person}:
        stay_signed_in(one)
    headers = {} if role == "anonymous" else {"Authorization": f"Bearer {person.cookies['access_token']}"}
    return Caller(headers, makers(admin, person))


@pytest.fixture
def back_end(server: Server) -> Iterator[Caller]:
    """A back end that calls the contract of the bench with its team's key, for an analyst with a session."""
    key = {"X-API-Key": server.demo["service_key"]}
    with httpx.Client(base_url=f"{server.base_url}/api/v1/users", headers=key) as client:

        @cache
        def analyst() -> str:
            return client.post("/login", json={"login": "00004711"}).raise_for_status().json()["user_id"]

        @cache
        def bench() -> str:
            asked = {"environment": "psi", "api_mode": "backend", "request": [{"body": "How do I close a card?"}]}
            return client.post(f"/{analyst()}/sessions", json=asked).raise_for_status().json()["session_id"]

        yield Caller(key, {"analyst_id": analyst, "bench_id": bench})


def makers(admin: Person, person: Person) -> dict[str, Callable[[], str]]:
    """Make each thing when a call first has to do with it: most calls need one of them, and none is cheap."""

    @cache
    def agent() -> str:
        return posted(admin, "/api/agents", name="Quick", kind="demo", config=QUICK)["id"]

    @cache
    def chat() -> str:
        chat = person.new_chat(agent())
        posted(person, f"/api/chats/{chat}/messages", content="Hello")
        return chat

    @cache
    def share() -> str:
        return posted(person, f"/mid/sessions/{chat()}/share", max_concurrent_users=1000)["share_token"]

    @cache
    def bench() -> str:
        return person.get("/api/bench/sessions").raise_for_status().json()["sessions"][0]["session_id"]

    @cache
    def question_set() -> str:
        questions = [{"body": "How do I close a card?"}]
        return posted(person, "/api/bench/sets", name=uuid4().hex, questions=questions)["set_id"]

    listed = {"agents": agent, "chats": chat, "sets": question_set, "share": share, "shares": share}
    return listed | {"chat_id": chat, "token": share, "bench_id": bench, "set_id": question_set}


def posted(person: Person, path: str, **body: Any) -> Any:
    return person.post(path, json=body).raise_for_status().json()


def member(server: Server, who: dict[str, str]) -> Person:
    return Person(server, who["email"], who["password"])


def stay_signed_in(person: Person) -> None:
    """Sign somebody in again whom a test has signed out."""
    if person.get("/api/auth/me").status_code == 401:
        wanted = {"email": person.email, "password": person.password}
        person.post("/api/auth/login", json=wanted).raise_for_status()
