"""Programs with API keys at real servers: a whole chat, sockets, and a revoked key that is out everywhere."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from accounts.keys import new_key
from tests.keys import with_key
from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.live.sockets import Socket, open_socket
from tests.servers import Server

pytestmark = pytest.mark.processes
HEADERS = ("Authorization", "X-API-Key")
OUT_SECONDS = 5


class Program(Person):
    """Somebody who has nothing but a key."""

    def __init__(self, server: Server, text: str, header: str) -> None:
        super().__init__(server, "", "")
        self.headers.update(with_key(text, header=header.lower()))

    def __enter__(self) -> Self:
        httpx.Client.__enter__(self)
        return self


@dataclass(frozen=True)
class Key:
    id: str
    text: str

    def at(self, header: str) -> dict[str, str]:
        """Return the headers of a socket that has the key and no cookie."""
        return {"Cookie": "", header: f"Bearer {self.text}" if header == "Authorization" else self.text}


def make_key(person: Person, *scopes: str) -> Key:
    answer = person.post("/v1/auth/api-keys", json={"name": "live", "scopes": scopes})
    assert answer.status_code == 201, answer.text
    return Key(answer.json()["key_info"]["id"], answer.json()["api_key"])


def revoke(person: Person, key: Key) -> None:
    assert person.delete(f"/v1/auth/api-keys/{key.id}").status_code == 200


def code_of_closing(socket: Socket) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        socket.next()
    return closed.value.rcvd.code


@pytest.fixture
def program() -> Iterator[Callable[..., Program]]:
    with ExitStack() as stack:
        yield lambda server, key, header="X-API-Key": stack.enter_context(Program(server, key.text, header))


@pytest.mark.parametrize("header", HEADERS)
def test_a_program_has_a_whole_chat(server, user, admin, agent, program, header):
    own = program(server, make_key(user, "chats:read", "chats:write", "agents:read"), header)
    agent_id = add_agent(admin, agent.url)
    assert agent_id in [shown["id"] for shown in own.get("/api/agents").json()]
    chat = own.new_chat(agent_id)
    with own.sending(chat, "Hi") as reading:
        call = agent.call().begin().say("from a ")
        place = reading.until("from a ").id
        with own.resuming(chat, place) as resumed:
            call.say("program").end()
            assert resumed.rest().type == "done"
        assert reading.rest().type == "done"
    assert (reading.text, resumed.text) == ("from a program", "program")
    assert [message["content"] for message in own.messages(chat)] == ["Hi", "from a program"]
    assert chat in [shown["id"] for shown in user.get("/api/chats").json()]
    assert own.delete(f"/api/chats/{chat}").status_code == 204


@pytest.mark.parametrize("header", HEADERS)
def test_a_socket_opens_with_a_key_and_its_scope(server, user, chat, header):
    key = make_key(user, "chats:read")
    with open_socket(server, user, chat, **key.at(header)) as socket:
        user.patch(f"/api/chats/{chat}", json={"title": "Seen"})
        assert socket.until("chat")["data"]["title"] == "Seen"


@pytest.mark.parametrize("header", HEADERS)
def test_a_socket_stays_closed_without_the_scope(server, user, chat, header):
    key = make_key(user, "chats:write", "account:read")
    with open_socket(server, user, chat, **key.at(header)) as socket:
        assert socket.next()["data"]["reason"] == "This API key lacks the scope chats:read."
        assert code_of_closing(socket) == 4403


@pytest.mark.parametrize("whose", ["teammate", "outsider"])
def test_a_chat_of_somebody_else_is_no_chat_to_a_key(server, sign_in, demo, chat, whose):
    stranger = sign_in(demo[whose])
    key = make_key(stranger, "chats:read")
    told = []
    for chat_id in (chat, str(uuid4())):
        with open_socket(server, stranger, chat_id, **key.at("X-API-Key")) as socket:
            told.append((socket.next(), code_of_closing(socket)))
    assert told[0] == told[1]
    assert told[0][1] == 4404


def test_a_key_that_is_none_opens_no_socket_not_even_beside_a_cookie(server, user, demo, chat):
    unknown = new_key(UUID(demo["team"]["id"]))
    revoked = make_key(user, "chats:read")
    revoke(user, revoked)
    cookies = "; ".join(f"{name}={value}" for name, value in user.cookies.items())
    for text in (unknown, revoked.text, "nonsense"):
        for headers in ({"X-API-Key": text}, {"Authorization": f"Bearer {text}"}):
            for cookie in ("", cookies):
                with open_socket(server, user, chat, **headers, Cookie=cookie) as socket:
                    assert socket.next()["type"] == "closed"
                    assert code_of_closing(socket) == 4401


def test_a_teams_own_key_opens_no_chat(server, user, demo, chat):
    with open_socket(server, user, chat, **Key("", demo["service_key"]).at("X-API-Key")) as socket:
        assert socket.next()["type"] == "closed"
        assert code_of_closing(socket) == 4401


def test_a_revoked_key_closes_its_sockets_soon_and_no_others(server, user, chat):
    key, other = make_key(user, "chats:read"), make_key(user, "chats:read")
    with (
        open_socket(server, user, chat, **key.at("X-API-Key")) as socket,
        open_socket(server, user, chat, **other.at("X-API-Key")) as staying,
    ):
        revoke(user, key)
        socket.until("closed", seconds=OUT_SECONDS)
        assert code_of_closing(socket) == 4401
        user.patch(f"/api/chats/{chat}", json={"title": "Still there"})
        assert staying.until("chat")["data"]["title"] == "Still there"


def test_a_revoked_key_is_out_in_every_process(pair, program):
    """It is looked up at each request, so the next one fails; an open socket is closed soon."""
    here, there, demo = pair
    with (
        Person(here, demo["user"]["email"], demo["user"]["password"]) as owner,
        Person(here, demo["admin"]["email"], demo["admin"]["password"]) as admin,
    ):
        chat = owner.new_chat(add_agent(admin, "http://127.0.0.1:9/"))
        key, other = make_key(owner, "chats:read"), make_key(owner, "chats:read")
        programs = [program(server, key, header) for server in (here, there) for header in HEADERS]
        assert [own.get("/api/chats").status_code for own in programs] == [200] * 4
        with open_socket(there, owner, chat, **key.at("Authorization")) as socket:
            revoke(owner, key)
            assert [own.get("/api/chats").status_code for own in programs] == [401] * 4
            socket.until("closed", seconds=OUT_SECONDS)
            assert code_of_closing(socket) == 4401
        assert program(there, other).get("/api/chats").status_code == 200
