"""A mirror ends with the owner's text although the channel layer loses, repeats or delays messages."""

import asyncio
import random
from uuid import UUID, uuid4

import pytest

from agents.models import RunStatus
from agents.relay import ledger, peers
from agents.relay.peers import MAX_NOTICES_A_MESSAGE, Feed, Mirror
from agents.relay.transcript import Ending, Transcript
from agents.wire import Notice

DONE = Ending(RunStatus.FAILED, "AGENT_FAILED", "The agent failed.")


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(peers, "RENEW_SECONDS", 0.02)
    monkeypatch.setattr(peers, "FEED_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(ledger, "is_running", lambda run_id: True)


class Wire:
    """An owner and a mirror with an unreliable layer between them."""

    def __init__(self, transcript: Transcript, loses: float, seed: int) -> None:
        self.feed = Feed(transcript, "mirror", self.to_mirror)
        self.mirror = Mirror(transcript.run_id, uuid4(), "owner", self.to_owner)
        self.loses, self.dice = loses, random.Random(seed)
        self.carried = 0

    async def to_owner(self, process, message):
        if self.dice.random() >= self.loses:
            if self.feed.task is not None and self.feed.task.done():
                self.feed = Feed(self.feed.transcript, "mirror", self.to_mirror)
            await self.feed.asked(message)

    async def to_mirror(self, process, message):
        self.carried += 1
        if self.dice.random() >= self.loses:
            self.mirror.receive(message)


@pytest.mark.parametrize("loses", [0.0, 0.3, 0.7])
@pytest.mark.parametrize("seed", range(4))
async def test_text_and_notices_arrive_whole(loses, seed):
    transcript = Transcript(uuid4())
    wire = Wire(transcript, loses, seed)
    following = asyncio.create_task(wire.mirror.follow())
    dice = random.Random(seed)
    for number in range(60):
        if dice.random() < 0.05:
            transcript.replace(f"anew {number} ")
        transcript.append(f"word {number} ä😀 ")
        transcript.note(Notice("tool", key=str(dice.randrange(30)), title=f"tool {number}", done=dice.random() < 0.5))
        await asyncio.sleep(0.001)
    transcript.end(DONE)
    await asyncio.wait_for(following, 20)
    assert wire.mirror.transcript.text == transcript.text
    assert (wire.mirror.transcript.revision, wire.mirror.transcript.ending) == (transcript.revision, DONE)
    there, here = wire.mirror.transcript.notices.since(0), transcript.notices.since(0)
    assert [row.live() for row in there] == [row.live() for row in here] != []


async def test_a_gap_at_a_pause_is_filled_without_waiting_for_more(monkeypatch):
    monkeypatch.setattr(peers, "FEED_SECONDS", 60)
    transcript = Transcript(uuid4())
    wire = Wire(transcript, 0.0, 0)
    following = asyncio.create_task(wire.mirror.follow())
    transcript.append("said, but ")
    await asyncio.sleep(0.05)
    wire.loses = 1.0
    transcript.append("lost")
    await asyncio.sleep(0.1)
    wire.loses = 0.0
    while wire.mirror.transcript.text != "said, but lost":
        await asyncio.wait_for(wire.mirror.transcript.wait(), 5)
    following.cancel()


async def test_a_message_carries_a_few_notices_and_no_reasoning(monkeypatch):
    transcript = Transcript(uuid4())
    wire = Wire(transcript, 0.0, 0)
    messages = []
    monkeypatch.setattr(
        wire.mirror,
        "receive",
        lambda message, receive=wire.mirror.receive: (messages.append(message), receive(message)),
    )
    for number in range(50):
        transcript.note(Notice("reasoning", key=str(number), title="t" * 300, text="unspoken"))
    transcript.end(DONE)
    await asyncio.wait_for(wire.mirror.follow(), 5)
    assert len(wire.mirror.transcript.notices.since(0)) == 50
    assert max(len(message["notices"]) for message in messages) == MAX_NOTICES_A_MESSAGE
    assert "unspoken" not in str(messages)


async def test_nobody_follows_a_mirror_that_fell_silent(monkeypatch):
    monkeypatch.setattr(peers, "FEED_SECONDS", 0.05)
    transcript = Transcript(uuid4())
    wire = Wire(transcript, 0.0, 0)
    await wire.to_owner("owner", {"gap": True, "revision": 0, "offset": 0, "told": 0})
    await asyncio.wait_for(wire.feed.task, 5)
    carried = wire.carried
    transcript.append("to nobody")
    transcript.flush()
    assert wire.carried == carried


async def test_an_owner_that_is_gone_is_noticed_by_the_books(monkeypatch):
    async def to_nobody(process, message):
        pass

    looked: list[UUID] = []
    monkeypatch.setattr(ledger, "is_running", lambda run_id: len(looked) < 2 and not looked.append(run_id))
    mirror = Mirror(uuid4(), uuid4(), "gone", to_nobody)
    await asyncio.wait_for(mirror.follow(), 10)
    assert looked == [mirror.run_id] * 2
    assert mirror.transcript.ending.elsewhere


async def test_readers_sleep_while_the_owner_only_says_that_it_lives():
    transcript = Transcript(uuid4())
    wire = Wire(transcript, 0.0, 0)
    following = asyncio.create_task(wire.mirror.follow())
    transcript.append("said")
    while wire.mirror.transcript.text != "said":
        await asyncio.wait_for(wire.mirror.transcript.wait(), 5)
    before = wire.carried
    assert not await wire.mirror.transcript.wait(0.2)
    assert wire.carried > before
    following.cancel()
