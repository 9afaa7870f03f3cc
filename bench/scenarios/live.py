"""How many live streams one core carries: 20 tokens a second each, until their delay is over 100 ms."""

import asyncio
from typing import Final

import uvloop

from bench.client import Tape, ends, open_streams
from bench.door import Door, request
from bench.figures import Figure, percentile
from bench.servers import Server, on_a_core_of_its_own
from bench.stage import Stage

RATE: Final = 20
ENDLESS: Final = 10**6
OPENED_PER_SECOND: Final = 15
SETTLE_SECONDS: Final = 3
WATCHED_SECONDS: Final = 10
MOST_DELAY: Final = 100.0
HOPELESS_DELAY: Final = 5 * MOST_DELAY  # then more streams would tell nothing


def measure(stage: Stage) -> list[Figure]:
    """Try one number of streams after the other, the server on the last core and everything else on the others."""
    figures = []
    with stage.agent() as agent, stage.parley() as parley:
        chats = parley.chats(f"{agent.base_url}/?tokens={ENDLESS}&rate={RATE}", max(stage.streams))
        with on_a_core_of_its_own(parley.server, agent):
            for count in stage.streams:
                seen = uvloop.run(_watch(parley, agent, chats[:count]))
                figures += seen
                if seen[0].value > HOPELESS_DELAY:
                    break
    return figures


async def _watch(door: Door, agent: Server, chats: list[str]) -> list[Figure]:
    tape = Tape(running=False)
    requests = [door.send(chat) for chat in chats]
    streams = await open_streams(door.server.port, requests, tape, per_second=OPENED_PER_SECOND)
    await asyncio.sleep(SETTLE_SECONDS)
    cpu, tape.running = door.server.cpu(), True
    await asyncio.sleep(WATCHED_SECONDS)
    tape.running, cpu = False, door.server.cpu() - cpu
    await hush(agent)
    await ends(streams)
    name, tokens = f"{len(chats)} streams", len(tape.delays)
    delays = [delay / 1000 for delay in tape.delays]
    return [
        Figure(f"{name}, p99 added delay", [percentile(delays, 99)], "ms", MOST_DELAY),
        Figure(f"{name}, median added delay", [percentile(delays, 50)], "ms"),
        Figure(f"{name}, share of the core", [100 * cpu / WATCHED_SECONDS], "%"),
        Figure(
            f"{name}, share of the tokens due that came", [100 * tokens / (len(chats) * RATE * WATCHED_SECONDS)], "%"
        ),
        Figure(f"{name}, CPU per token", [cpu / max(1, tokens) * 1e6], "µs"),
    ]


async def hush(agent: Server) -> int:
    """Let all answers of the mock agent end; return how many have begun since the last time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", agent.port)
    writer.write(request("POST", agent.port, "/hush"))
    answer = await reader.read()
    writer.close()
    return int(answer.rpartition(b"\r\n")[2])
