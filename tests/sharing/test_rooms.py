"""A room as its visitors' sockets show it: who is in, who waits, who types, what is said, why it closes."""

import asyncio
import json

import pytest
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from config.routing import websocket_urlpatterns
from sharing import leases
from sharing.rooms import _rooms
from tenants.database import in_team
from tenants.middleware import PrincipalSocketMiddleware
from tests.factories import ChatFactory, ShareFactory

pytestmark = pytest.mark.django_db(transaction=True)
application = PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))


class Visitor:
    """A visitor's socket."""

    def __init__(self, share, token, query=""):
        headers = [(b"host", b"testserver"), (b"authorization", f"Share {token}".encode())]
        self.socket = WebsocketCommunicator(application, f"/ws/share/{share.token}{query}", headers=headers)
        self.seen = []

    async def __aenter__(self):
        connected, _ = await self.socket.connect(timeout=5)
        assert connected
        return self

    async def __aexit__(self, *_):
        await self.socket.disconnect()

    async def next(self, seconds=5):
        output = await self.socket.receive_output(seconds)
        if output["type"] == "websocket.close":
            return {"type": "close", "data": output["code"]}
        self.seen.append(json.loads(output["text"]))
        return self.seen[-1]

    async def until(self, kind, **wanted):
        while True:
            frame = await self.next()
            if frame["type"] == kind and wanted.items() <= frame["data"].items():
                return frame["data"]

    async def says(self, **said):
        await self.socket.send_to(text_data=json.dumps(said))


@pytest.fixture
async def share(cast):
    return await in_team(cast.team.id, lambda: ShareFactory(chat=ChatFactory(user=cast.owner), max_concurrent_users=2))


@pytest.fixture
def asked(share):
    """Do database work in the share's team."""

    async def ask(work, *args, **kwargs):
        return await in_team(share.team_id, work, *args, **kwargs)

    return ask


@pytest.fixture
def join(share, asked):
    async def join(name="", **options):
        return await asked(leases.join, share, name=name, **options)

    return join


@pytest.fixture(autouse=True)
async def rooms_that_end():
    """No room outlives its last visitor."""
    yield
    for room in list(_rooms.values()):
        await asyncio.wait_for(room.life, 5)
    assert not _rooms


async def test_a_visitor_is_seated_and_told_who_is_here(share, join):
    ann, bob = await join("Ann"), await join("Bob")
    async with Visitor(share, ann.token) as first:
        seat = (await first.next())["data"]
        assert (seat["state"], seat["name"], seat["participant_id"]) == ("in", "Ann", str(ann.participant.id))
        assert await first.until("presence") == {
            "current_users": 2,
            "max_concurrent_users": 2,
            "waiting": 0,
            "typing": [],
        }
        async with Visitor(share, bob.token) as second:
            assert (await second.next())["data"]["name"] == "Bob"
