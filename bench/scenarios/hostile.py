"""What a calm chat notices of agents that flood: the delay of its tokens without and with them, and the memory."""

import asyncio
from typing import Final
from urllib.parse import urlencode

import uvloop

from bench.client import Tape, ends, open_stream, open_streams
from bench.door import Door
from bench.figures import Figure, percentile
from bench.scenarios.live import hush
from bench.servers import Server
from bench.stage import Stage

CALM: Final = 20
RATE: Final = 20
ENDLESS: Final = 10**6
SETTLE_SECONDS: Final = 2
WATCHED_SECONDS: Final = 8
LOOK_SECONDS: Final = 0.05
FLOODS: Final = (": nothing to say\n\n", 'data: {"type": "never-heard-of"}\n\n', "x", '{"type":"keepalive"}\n')


def measure(stage: Stage) -> list[Figure]:
    """Watch calm chats alone, then beside one flood of each kind: keep-alives, unknown frames, one line, JSON lines."""
    with stage.agent() as agent, stage.agent() as flooding, stage.parley() as parley:
        calm = parley.chats(f"{agent.base_url}/?tokens={ENDLESS}&rate={RATE}", CALM)
        floods = [chat for words in FLOODS for chat in parley.chats(f"{flooding.base_url}/?{flood(words)}", 1)]
        return uvloop.run(_watch(parley, agent, calm, floods))


def flood(words: str) -> str:
    return urlencode({"flood": words})


async def _watch(door: Door, agent: Server, calm: list[str], floods: list[str]) -> list[Figure]:
    tape = Tape(running=False)
    streams = await open_streams(door.server.port, [door.send(chat) for chat in calm], tape, per_second=CALM)
    await asyncio.sleep(SETTLE_SECONDS)
    alone, _ = await _delays(tape, door.server)
    before = door.server.rss()
    ended = Tape(running=False)
    hostile = [asyncio.create_task(open_stream(door.server.port, door.send(chat), ended)) for chat in floods]
    beside, most = await _delays(tape, door.server)
    await hush(agent)
    await ends(streams)
    for task in hostile:
        task.cancel()
    await asyncio.gather(*hostile, return_exceptions=True)
    return [
        Figure("calm chats alone, p99 added delay", [percentile(alone, 99)], "ms"),
        Figure(f"beside {len(floods)} floods, p99 added delay", [percentile(beside, 99)], "ms", 250),
        Figure(f"beside {len(floods)} floods, median added delay", [percentile(beside, 50)], "ms"),
        Figure(f"{len(floods)} floods, growth of memory", [most - before], "MB", 64),
    ]


async def _delays(tape: Tape, server: Server) -> tuple[list[float], float]:
    """Return the milliseconds each token was late for a while, and the most memory the server took meanwhile."""
    del tape.delays[:]
    tape.running, most = True, 0.0
    for _ in range(int(WATCHED_SECONDS / LOOK_SECONDS)):
        await asyncio.sleep(LOOK_SECONDS)
        most = max(most, server.rss())
    tape.running = False
    return [delay / 1000 for delay in tape.delays], most
