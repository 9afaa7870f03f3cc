"""What an idle server adds to the time to the first token, over calling the agent directly."""

import asyncio
from statistics import median
from typing import Final

import uvloop

from bench.client import Tape, ends, open_stream
from bench.door import request
from bench.figures import Figure, percentile
from bench.stage import Stage

CALLS: Final = 40
WARM_UP: Final = 5
PAUSE_SECONDS: Final = 0.05


def measure(stage: Stage) -> list[Figure]:
    """Ask the agent, Parley and the plain relay in turn, one at a time."""
    with stage.agent() as agent, stage.parley() as parley, stage.baseline() as baseline:
        url = "/?tokens=3"
        ports = {"agent": agent.port, "parley": parley.server.port, "plain": baseline.server.port}
        requests = {"agent": [request("POST", agent.port, url, {})] * (CALLS + WARM_UP)} | {
            name: [door.send(chat) for chat in door.chats(agent.base_url + url, CALLS + WARM_UP)]
            for name, door in (("parley", parley), ("plain", baseline))
        }
        times = uvloop.run(_ask(ports, requests))
    direct = median(times["agent"])
    return [
        Figure("added by Parley, median", [median(times["parley"]) - direct], "ms", 15),
        Figure("added by Parley, p90", [percentile(times["parley"], 90) - direct], "ms"),
        Figure("added by the plain relay, median", [median(times["plain"]) - direct], "ms"),
        Figure("the agent itself, median", [direct], "ms"),
    ]


async def _ask(ports: dict[str, int], requests: dict[str, list[bytes]]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in ports}
    for number in range(CALLS + WARM_UP):
        for name, port in ports.items():
            stream = await open_stream(port, requests[name][number], Tape(running=False))
            await ends([stream])
            if number >= WARM_UP:
                times[name].append(stream.first_delay / 1000)
            await asyncio.sleep(PAUSE_SECONDS)
    return times
