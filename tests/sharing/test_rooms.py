"""A room as its visitors' sockets show it: who is in, who waits, who types, what is said, why it closes."""

import asyncio
import json
from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from chats import actions
from chats.models import Chat
from chats.sockets import MOST_WORDS
from config.routing import websocket_urlpatterns
from sharing import leases, news, rooms, sight
from sharing.actions import change_share, revoke_share
from sharing.models import Ending, Participant, Share
from sharing.visits import Visit
from tenants.database import in_team
from tenants.middleware import PrincipalSocketMiddleware
from tenants.models import Team
from tests.factories import ChatFactory, MessageFactory, ShareFactory

pytestmark = pytest.mark.django_db(transaction=True)
application = PrincipalSocketMiddleware(URLRouter(websocket_urlpatterns))


class Visitor:
    """A visitor's socket."""

    def __init__(self, share, token, query=""):
        headers = [(b"host", b"testserver"), (b"authorization", f"Share {token}".encode())]
        self.socket = WebsocketCommunicator(application, f"/ws/share/{share.token}{query}", headers=headers)

    async def __aenter__(self):
        connected, _ = await self.socket.connect(timeout=5)
        assert connected
        return self

    async def __aexit__(self, *_):
        await self.socket.disconnect()

    async def next(self):
        output = await self.socket.receive_output(5)
        if output["type"] == "websocket.close":
            return {"type": "close", "data": {"code": output["code"]}}
        return json.loads(output["text"])

    async def until(self, kind, **wanted):
        """Read on until a frame of a type that says so."""
        while True:
            frame = await self.next()
            if frame["type"] == kind and wanted.items() <= frame["data"].items():
                return frame["data"]

    async def ended(self):
        reason = (await self.until("closed"))["reason"]
        return reason, (await self.until("close"))["code"]

    async def types(self):
        await self.socket.send_to(text_data='{"type": "typing"}')


@pytest.fixture
async def share(cast):
    return await in_team(cast.team.id, lambda: ShareFactory(chat=ChatFactory(user=cast.owner), max_concurrent_users=2))


@pytest.fixture
def ask(share):
    """Do database work in the share's team."""

    async def ask(work, *args, **kwargs):
        return await in_team(share.team_id, work, *args, **kwargs)

    return ask


@pytest.fixture
def join(share, ask):
    async def join(name="", **options):
        return await ask(leases.join, share, name=name, **options)

    return join


@pytest.fixture(autouse=True)
async def rooms_that_end():
    """No room outlives its last visitor."""
    yield
    for room in list(rooms._rooms.values()):
        await asyncio.wait_for(room.life, 5)
    assert not rooms._rooms


async def test_a_visitor_is_seated_and_told_who_is_here(share, join):
    ann, bob = await join("Ann"), await join("Bob")
    async with Visitor(share, ann.token) as first:
        seat = await first.until("seat")
        assert (seat["state"], seat["name"], seat["can_write"]) == ("in", "Ann", True)
        assert seat["participant_id"] == str(ann.participant.id)
        presence = {"current_users": 2, "max_concurrent_users": 2, "waiting": 0, "messages_left": 200, "typing": []}
        assert await first.until("presence") == presence
        async with Visitor(share, bob.token) as second:
            assert (await second.until("seat"))["name"] == "Bob"


async def test_those_who_wait_are_told_their_place_and_let_in_by_turn(share, ask, join):
    ann, _, eve, joe = [await join(name, may_wait=True) for name in ("Ann", "Bob", "Eve", "Joe")]
    async with Visitor(share, eve.token) as first, Visitor(share, joe.token) as second:
        assert (await first.until("seat"))["ahead"] == 0
        assert (await second.until("seat"))["ahead"] == 1
        assert (await first.until("presence"))["waiting"] == 2
        await ask(leases.leave, share, token=ann.token)
        assert (await first.until("seat"))["state"] == "in"
        assert await second.until("seat", ahead=0)


async def test_who_waits_hears_nothing_of_what_is_said(share, ask, join):
    await join(), await join()
    eve = await join("Eve", may_wait=True)
    async with Visitor(share, eve.token, "?html=1") as waiting:
        await waiting.until("presence")
        await ask(lambda: MessageFactory(chat=share.chat, position=1, content="a secret"))
        await ask(change_share, share=share, max_concurrent_users=1)
        frames = [await waiting.next()]
        while frames[-1]["type"] != "presence":
            frames.append(await waiting.next())
        assert "a secret" not in json.dumps(frames)


async def test_a_message_is_rendered_once_for_everybody(share, ask, join, monkeypatch):
    rendered = []
    draw = rooms.render_message
    monkeypatch.setattr(rooms, "render_message", lambda *args: rendered.append(args) or draw(*args))
    ann, bob = await join(), await join()
    async with (
        Visitor(share, ann.token, "?html=1") as first,
        Visitor(share, bob.token, "?html=1") as second,
        Visitor(share, bob.token) as program,
    ):
        for socket in (first, second, program):
            await socket.until("presence")
        guest = {"guest_id": bob.participant.id, "guest_name": "<b>Bob</b>"}
        message = await ask(lambda: MessageFactory(chat=share.chat, position=1, content="<i>hello", **guest))
        entries = [await socket.until("entry") for socket in (first, second)]
        assert entries[0] == entries[1]
        assert entries[0]["message_id"] == str(message.id)
        assert "&lt;i&gt;hello" in entries[0]["html"]
        assert "<b>" not in entries[0]["html"]
        assert f'data-guest="{bob.participant.id}"' in entries[0]["html"]
        said = await program.until("user_message")
        assert (said["id"], said["author"], said["content"]) == (str(message.id), "<b>Bob</b>", "<i>hello")
        assert said["is_visitor"] is True
    assert len(rendered) == 1


async def test_visitors_of_a_later_part_hear_nothing_of_an_earlier(share, ask, join):
    ann = await join()
    await ask(Share.objects.filter(id=share.id).update, from_position=2)
    async with Visitor(share, ann.token) as visitor:
        await visitor.until("presence")
        await ask(lambda: MessageFactory(chat=share.chat, position=1, content="before"))
        await ask(lambda: MessageFactory(chat=share.chat, position=2, content="after"))
        assert (await visitor.until("user_message"))["content"] == "after"


def revoke(share):
    revoke_share(share=share, by=None)


def expire(share):
    Share.objects.filter(id=share.id).update(expires_at=timezone.now())


def expire_soon(share):
    Share.objects.filter(id=share.id).update(expires_at=timezone.now() + timedelta(seconds=1.3))


def delete_chat(share):
    actions.delete_chat(chat=Chat.objects.get(id=share.chat_id))


def close_team(share):
    Team.objects.filter(id=share.team_id).update(is_active=False)


def switch_off(share):
    Team.objects.filter(id=share.team_id).update(settings={"sharing": False})


def deactivate_person(share):
    User.objects.filter(id=share.chat.user_id).update(is_active=False)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (revoke, "revoked"),
        (expire, "expired"),
        (expire_soon, "expired"),
        (delete_chat, "deleted"),
        (close_team, "revoked"),
        (switch_off, "revoked"),
        (deactivate_person, "revoked"),
    ],
)
async def test_a_room_closes_within_two_seconds_for_those_inside_and_in_line(share, ask, join, end, reason):
    tokens = [(await join(may_wait=True)).token for _ in range(3)]
    async with Visitor(share, tokens[0]) as inside, Visitor(share, tokens[2]) as waiting:
        await inside.until("presence")
        await waiting.until("presence")
        await ask(end, share)
        async with asyncio.timeout(2):
            assert await inside.ended() == (reason, 4410)
            assert await waiting.ended() == (reason, 4410)
    async with Visitor(share, tokens[0]) as again:
        assert await again.ended() in {(reason, 4410), ("unknown", 4404)}


async def test_who_leaves_is_told_so_in_every_window(share, ask, join):
    ann = await join()
    async with Visitor(share, ann.token) as first, Visitor(share, ann.token) as second:
        await first.until("presence")
        await second.until("presence")
        await ask(leases.leave, share, token=ann.token)
        assert await first.ended() == await second.ended() == ("left", 4403)
    async with Visitor(share, ann.token) as again:
        assert await again.ended() == ("left", 4403)


async def test_who_is_put_out_by_a_new_password_is_not_told_that_they_left(share, ask, join):
    ann = await join()
    async with Visitor(share, ann.token) as visitor:
        await visitor.until("presence")
        await ask(change_share, share=share, password="sesame open")
        closed = await visitor.until("closed")
        assert (closed["reason"], "You have left" in closed["message"]) == ("left", False)


async def test_windows_share_a_place_and_are_bounded(share, ask, join):
    ann = await join()
    windows = [Visitor(share, ann.token) for _ in range(rooms.MOST_CONNECTIONS)]
    for window in windows:
        await window.__aenter__()
        assert (await window.until("presence"))["current_users"] == 1
    async with Visitor(share, ann.token) as one_more:
        assert await one_more.ended() == ("full", 4429)
    for window in windows:
        await window.__aexit__()


def lapse(seat, **fields):
    Participant.objects.filter(id=seat.participant.id).update(lease_until=timezone.now(), **fields)


async def test_a_place_that_lapsed_is_taken_again_if_there_is_one(share, ask, join):
    ann = await join("Ann")
    await ask(lapse, ann)
    async with Visitor(share, ann.token) as visitor:
        assert (await visitor.until("seat"))["state"] == "in"
        assert (await visitor.until("presence"))["current_users"] == 1
    assert await ask(Participant.objects.count) == 1


async def test_a_place_that_lapsed_and_was_given_away_is_lost(share, ask, join):
    ann = await join("Ann")
    await ask(lapse, ann)
    await join(), await join()
    async with Visitor(share, ann.token) as visitor:
        assert await visitor.ended() == ("full", 4429)


async def test_a_place_is_kept_for_a_moment_when_the_last_window_closes(share, ask, join):
    ann = await join()
    soon = timezone.now() + timedelta(seconds=leases.GRACE_SECONDS + 5)
    async with Visitor(share, ann.token) as first, Visitor(share, ann.token) as second:
        await first.until("presence")
        await second.until("presence")
    room = rooms._rooms.get(share.id)
    if room is not None:
        await room.life
    lease = await ask(Participant.objects.get, id=ann.participant.id)
    assert lease.is_in
    assert lease.lease_until < soon


async def test_names_of_who_types_go_to_everybody_else_and_are_forgotten(share, ask, join, monkeypatch):
    monkeypatch.setattr("chats.typists.TYPING_SECONDS", 0.3)
    ann, bob = await join("Ann"), await join()
    async with Visitor(share, ann.token) as first, Visitor(share, bob.token) as second:
        await first.until("presence")
        await second.until("presence")
        await first.types()
        assert (await second.until("presence"))["typing"] == ["Ann"]
        assert (await second.until("presence"))["typing"] == []
        await second.types()
        assert (await first.until("presence"))["typing"] == ["Guest"]


async def test_visitors_are_seated_and_type_though_the_channel_layer_is_away(share, ask, join, monkeypatch, caplog):
    away = AsyncMock(side_effect=ConnectionError("away"))
    for call in ("new_channel", "group_add", "group_send"):
        monkeypatch.setattr(get_channel_layer(), call, away)
    ann = await join("Ann")
    async with Visitor(share, ann.token) as visitor:
        assert (await visitor.until("seat"))["state"] == "in"
        await visitor.until("presence")
        await visitor.types()
        await ask(change_share, share=share, max_concurrent_users=7)
        assert await visitor.until("presence", max_concurrent_users=7)
    assert "The event chat.typing could not be sent." in caplog.text


async def test_who_may_only_read_types_in_vain(share, ask, join):
    await ask(change_share, share=share, can_write=False)
    ann, bob = await join("Ann"), await join("Bob")
    async with Visitor(share, ann.token) as first, Visitor(share, bob.token) as second:
        assert (await first.until("seat"))["can_write"] is False
        await second.until("presence")
        await first.types()
        await ask(change_share, share=share, max_concurrent_users=7)
        presence = await second.until("presence", max_concurrent_users=7)
        assert presence["typing"] == []


async def test_a_flood_of_words_closes_the_socket(share, join):
    ann = await join()
    async with Visitor(share, ann.token) as visitor:
        await visitor.until("presence")
        for _ in range(MOST_WORDS + 1):
            await visitor.socket.send_to(text_data="[" * 150)
        assert (await visitor.until("close"))["code"] == 1008


async def test_a_connection_that_is_stuck_holds_up_nobody(share, ask, join):
    ann, bob = await join(), await join()
    stuck, said = asyncio.Event(), asyncio.Queue()
    said.put_nowait({"type": "websocket.connect"})

    async def send(message):
        if "text" in message:
            stuck.set()
            await asyncio.Event().wait()

    slow = asyncio.create_task(application(Visitor(share, bob.token).socket.scope, said.get, send))
    async with Visitor(share, ann.token) as quick:
        await stuck.wait()
        assert await quick.until("presence", current_users=2)
        await ask(lambda: MessageFactory(chat=share.chat, position=1, content="for all"))
        assert (await quick.until("user_message"))["content"] == "for all"
    said.put_nowait({"type": "websocket.disconnect", "code": 1006})
    await asyncio.wait([slow], timeout=5)
    assert slow.done()


async def test_a_reader_who_falls_far_behind_is_to_come_again(share, ask, join, monkeypatch):
    monkeypatch.setattr(rooms, "KEPT_ENTRIES", 3)
    ann, bob = await join(), await join()
    async with Visitor(share, ann.token) as quick:
        await quick.until("presence")
        room = rooms._rooms[share.id]
        with room.entered(Visit(share, None, bob.token, bob.participant)) as slow:
            told = room.news(slow)
            assert [type(await anext(told)) for _ in range(2)] == [news.Place, news.Presence]
            for position in range(1, 6):
                await ask(lambda at=position: MessageFactory(chat=share.chat, position=at))
                room._hint.set()
                await quick.until("user_message")
            assert isinstance(await anext(told), news.Lost)


@pytest.mark.parametrize(("renews", "most"), [(False, 3), (True, 9)])
async def test_a_look_costs_the_same_for_two_and_for_forty(share, ask, join, renews, most):
    await ask(Share.objects.filter(id=share.id).update, max_concurrent_users=50)
    seats = [await join() for _ in range(40)]

    def queries(people):
        here = {seat.participant.id: seat.token for seat in people}
        errand = sight.Errand(share.id, here, here.keys() if renews else (), gone=(), after=0, answering=None)
        with CaptureQueriesContext(connection) as captured:
            assert sight.look(errand).inside == {seat.participant.id for seat in seats}
        return len(captured)

    assert await ask(queries, seats[:2]) == await ask(queries, seats) <= most


async def test_a_link_that_is_deleted_while_the_room_looks_is_told_as_deleted(share, ask, join, monkeypatch):
    seat = await join()
    find = sight.find

    def find_and_lose(*args, **kwargs):
        found = find(*args, **kwargs)
        delete_chat(share)
        return found

    monkeypatch.setattr(sight, "find", find_and_lose)
    errand = sight.Errand(share.id, {seat.participant.id: seat.token}, (), gone=(), after=0, answering=None)
    assert await ask(sight.look, errand) is Ending.DELETED
