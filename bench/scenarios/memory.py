"""Memory: of a process that does nothing, of a live stream, and of a client that never reads."""

import asyncio
from typing import Final

import uvloop

from bench.client import Stream, Tape, ends, open_stream, open_streams
from bench.door import Door
from bench.figures import Figure
from bench.scenarios.live import hush
from bench.servers import Server
from bench.stage import Stage

STREAMS: Final = 1000
WARM_UP: Final = 50
OPENED_PER_SECOND: Final = 25
STALLED: Final = 10
FLOOD_TOKENS: Final = 90_000
FLOOD_AT: Final = 2.0


def measure(stage: Stage) -> list[Figure]:
    """Look at one process after its start, with many streams, and with readers that never read."""
    with stage.agent() as agent, stage.parley() as parley:
        parley.user  # noqa: B018 - one request, after which all is imported
        idle = parley.server.rss()
        calm = parley.chats(f"{agent.base_url}/?tokens=1000000&rate=1", STREAMS)
        uvloop.run(_grown(parley, agent, calm[:WARM_UP]))
        stream = uvloop.run(_grown(parley, agent, calm)) / STREAMS * 1024
        floods = parley.chats(f"{agent.base_url}/?tokens={FLOOD_TOKENS}&first={FLOOD_AT}", 1 + stage.rounds * 2)
        uvloop.run(_flood(parley, floods.pop(), 0))
        stalled = []
        for _ in range(stage.rounds):
            alone = uvloop.run(_flood(parley, floods.pop(), 0))
            stalled.append((uvloop.run(_flood(parley, floods.pop(), STALLED)) - alone) / STALLED)
    return [
        Figure("idle process", [idle], "MB", 120),
        Figure(f"one of {STREAMS} live streams", [stream], "KB", 60),
        Figure("a client that never reads", stalled, "MB", 3),
    ]


async def _grown(door: Door, agent: Server, chats: list[str]) -> float:
    """Return by how many MiB the process grows while these answers are live."""
    before = door.server.rss()
    requests = [door.send(chat) for chat in chats]
    streams = await open_streams(door.server.port, requests, Tape(running=False), per_second=OPENED_PER_SECOND)
    await asyncio.sleep(3)
    grown = door.server.rss() - before
    await hush(agent)
    await ends(streams)
    return grown


async def _flood(door: Door, chat: str, stalled: int) -> float:
    """Let an answer of 900,000 characters pass readers that never read; return the growth in MiB."""
    tape, port = Tape(running=False), door.server.port
    opening = asyncio.create_task(open_stream(port, door.send(chat), tape))
    await asyncio.sleep(FLOOD_AT / 2)
    readers: list[Stream] = [await open_stream(port, door.resume(chat), tape, reads=False) for _ in range(stalled)]
    before = door.server.rss()
    await ends([await opening])
    grown = door.server.rss() - before
    for reader in readers:
        reader.close()
    await asyncio.sleep(1)
    return grown
