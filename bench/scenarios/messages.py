"""CPU per message apart from its tokens: answers of one token, Parley and the plain relay in turn."""

from typing import Final

import uvloop

from bench.client import Tape, ends, open_streams
from bench.door import Door
from bench.figures import Figure
from bench.stage import Stage

CHATS: Final = 100
TURNS: Final = 2
AT_ONCE: Final = 8


def measure(stage: Stage) -> list[Figure]:
    """Compare the two; in each round every chat gets the same number of messages."""
    with stage.agent() as agent, stage.parley() as parley, stage.baseline() as baseline:
        url = f"{agent.base_url}/?tokens=1"
        chats = {door: door.chats(url, CHATS) for door in (parley, baseline)}
        costs: dict[Door, list[float]] = {parley: [], baseline: []}
        for turn in range(stage.rounds + 1):
            for door in (parley, baseline):
                cost = uvloop.run(_converse(door, chats[door]))
                if turn:  # the first warms up
                    costs[door].append(cost)
    ours, theirs = costs[parley], costs[baseline]
    return [
        Figure("CPU per message, ratio", [our / their for our, their in zip(ours, theirs, strict=True)], "", 1.0),
        Figure("Parley", ours, "ms"),
        Figure("plain relay", theirs, "ms"),
    ]


async def _converse(door: Door, chats: list[str]) -> float:
    """Send a message in each chat, a few at once, over and over; return the milliseconds of CPU a message."""
    requests = [door.send(chat) for chat in chats]
    begun = door.server.cpu()
    for _ in range(TURNS):
        for start in range(0, len(requests), AT_ONCE):
            await ends(await open_streams(door.server.port, requests[start : start + AT_ONCE], Tape(running=False)))
    return (door.server.cpu() - begun) / (TURNS * len(requests)) * 1000
