"""A room as programs read it: in which order, from where on after a break, and how it ends with its server."""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from django.test import AsyncClient
from django.utils import timezone

from chats.frames import Frame, Source
from sharing import leases, rooms
from sharing.api import streams
from sharing.models import Share
from sharing.news import Presence
from tenants.database import in_team
from tests.factories import ChatFactory, MessageFactory, RunFactory, ShareFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
async def share(cast):
    return await in_team(cast.team.id, lambda: ShareFactory(chat=ChatFactory(user=cast.owner)))


@pytest.fixture
def answered(share):
    """Add an answer to the chat, as it stands."""

    def add(content, position, status="complete", chat=share.chat):
        run = RunFactory(user=chat.user, lease_until=timezone.now() + timedelta(minutes=1))
        fields = {"role": "assistant", "content": content, "status": status}
        return MessageFactory(chat=chat, run=run, position=position, **fields)

    return lambda *args, **kwargs: in_team(share.team_id, partial(add, *args, **kwargs))


@pytest.fixture
def agent(monkeypatch):
    """Let every answer say one word, and go on when the test says so."""
    go_on = asyncio.Event()

    async def read(source, cursor, *, silence):
        yield Frame("status", {}, str(cursor))
        yield Frame("message", {"content": "Flour, "}, str(cursor))
        await go_on.wait()
        yield Frame("error", {"message": "", "code": "RUN_INTERRUPTED"}, str(cursor))

    monkeypatch.setattr(streams, "read_answer", read)
    return go_on


@pytest.fixture(autouse=True)
async def rooms_that_end():
    yield
    for room in list(rooms._rooms.values()):
        await asyncio.wait_for(room.life, 5)


@asynccontextmanager
async def reading(share, **headers):
    """Follow the room's stream; yields a function that gives the next event, None at the end."""
    seat = await in_team(share.team_id, leases.join, share)
    headers = {"authorization": f"Share {seat.token}", **headers}
    response = await AsyncClient().get(f"/mid/share/{share.token}/stream", headers=headers)
    assert response.status_code == 200
    blocks = response._iterator  # itself, so that it can be closed as a server closes it

    async def following():
        async with asyncio.timeout(5):
            block = await anext(blocks, None)
        if block is None:
            return None
        event = json.loads(block.decode().partition("data: ")[2])
        return event["type"], event["data"].get("content")

    yield following
    await blocks.aclose()


async def heard(following, count):
    return [await following() for _ in range(count)]


async def test_a_stream_begins_with_presence_also_while_an_answer_is_written(share, answered, agent, monkeypatch):
    told_at_once = rooms.Room.news

    async def told_late(*args, **kwargs):
        async for told in told_at_once(*args, **kwargs):
            if isinstance(told, Presence):
                for _ in range(10):  # the loop turns: whoever does not wait for it is first
                    await asyncio.sleep(0)
            yield told

    monkeypatch.setattr(rooms.Room, "news", told_late)
    await answered("", position=1, status="streaming")
    async with reading(share) as following:
        assert [kind for kind, _ in await heard(following, 3)] == ["presence", "status", "message"]


@pytest.mark.parametrize("is_heard_of_by", ["the answer it reads", "one who hears of nothing"])
async def test_an_answer_is_read_to_its_end_when_the_server_ends(share, answered, agent, monkeypatch, is_heard_of_by):
    reads = is_heard_of_by == "the answer it reads"
    if reads:
        await answered("", position=1, status="streaming")
    async with reading(share) as following:
        await heard(following, 3 if reads else 1)
        monkeypatch.setattr(rooms, "is_ending", lambda: True)
        monkeypatch.setattr(streams, "is_ending", lambda: True)
        room = rooms._rooms[share.id]
        room._hint.set()
        await asyncio.wait_for(room.life, 5)
        agent.set()
        assert await heard(following, 2 if reads else 1) == ([("error", None)] if reads else []) + [None]


async def test_a_stream_goes_on_in_the_answer_where_it_broke_off(share, answered):
    answer = await answered("Flour, water.", position=1)
    cursor = f"{answer.run_id.hex}-0-7"
    async with reading(share, **{"Last-Event-ID": cursor}) as following:
        assert (await following())[0] == "presence"
        assert await heard(following, 3) == [("status", None), ("message", "water."), ("done", None)]
        await answered("Salt.", position=2)
        rooms._rooms[share.id]._hint.set()
        assert await heard(following, 3) == [("status", None), ("message", "Salt."), ("done", None)]


async def test_answers_come_one_after_the_other(share, answered, agent):
    before = await answered("Flour, water.", position=1)
    await answered("", position=2, status="streaming")
    async with reading(share, **{"Last-Event-ID": str(Source.of(before).start)}) as following:
        assert [kind for kind, _ in await heard(following, 3)] == ["presence", "status", "message"]
        agent.set()
        assert [kind for kind, _ in await heard(following, 3)] == ["error", "status", "message"]


async def test_a_place_in_nothing_that_visitors_see_is_passed_over(share, answered, cast):
    hidden = await answered("canary", position=1)
    elsewhere = await in_team(share.team_id, lambda: ChatFactory(user=cast.owner))
    foreign = await answered("canary", position=1, chat=elsewhere)
    await in_team(share.team_id, Share.objects.filter(id=share.id).update, from_position=2)
    shown = await answered("Flour.", position=3)
    for run in (hidden.run_id.hex, foreign.run_id.hex, "f" * 32, "senseless", f"{shown.run_id.hex}-0"):
        async with reading(share, **{"Last-Event-ID": f"{run}-0-0"}) as following:
            assert (await following())[0] == "presence"
            room = rooms._rooms[share.id]
            await answered("Next.", position=room._position + 1)
            room._hint.set()
            assert await heard(following, 3) == [("status", None), ("message", "Next."), ("done", None)]
