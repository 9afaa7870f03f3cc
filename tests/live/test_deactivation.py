"""A person who is deactivated is out: at the next request, and from open sockets within five seconds."""

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed

from tests.live.conftest import add_agent
from tests.live.people import Person
from tests.live.sockets import open_socket

pytestmark = pytest.mark.processes
PASSWORD = "long enough to be taken"
CHANGE = """
from accounts.models import User
from tenants.scope import unsafe_all_tenants
with unsafe_all_tenants(reason="test"):
    assert User.objects.filter(email="leaver@leaving.example").update(**{change}) == 1
"""


@pytest.fixture
def leaver(server, demo):
    """A person of a team of their own who is about to leave."""
    team = json.loads(
        server.manage("team", "create", "--name", "Leaving", "--slug", "leaving", "--registration", "open", "--json")
    )
    fields = {"email": "leaver@leaving.example", "password": PASSWORD, "full_name": "Lea", "team_id": team["id"]}
    with Person(server, demo["user"]["email"], demo["user"]["password"]) as anybody:
        assert anybody.post("/api/auth/register", json=fields).status_code == 201
    with Person(server, fields["email"], PASSWORD) as person:
        yield person


def change(server, **fields):
    server.manage("shell", "-c", CHANGE.format(change=fields))


def test_the_next_request_fails_and_the_socket_closes_within_five_seconds(server, leaver):
    change(server, role="admin")
    chat = leaver.new_chat(add_agent(leaver, "https://agent.example/hook"))
    with open_socket(server, leaver, chat) as socket:
        change(server, is_active=False)
        deactivated = time.monotonic()
        assert leaver.get("/api/auth/me").status_code == 401
        assert leaver.post("/api/auth/refresh").status_code == 401
        socket.until("closed")
        with pytest.raises(ConnectionClosed) as closed:
            socket.next()
        assert time.monotonic() - deactivated < 5
    assert closed.value.rcvd.code == 4401
    sign_in = {"email": leaver.email, "password": PASSWORD}
    assert leaver.post("/api/auth/login", json=sign_in).status_code == 401
