"""CPU per relayed token: 50 streams of 1,000 tokens at 100 tokens a second each, Parley and the plain relay in turn."""

import asyncio
from dataclasses import dataclass
from typing import Final

import uvloop

from bench.client import Tape, ends, open_streams
from bench.door import Door
from bench.figures import Figure, percentile
from bench.stage import Stage

STREAMS: Final = 50
TOKENS: Final = 1000
RATE: Final = 100
WARM_UP: Final = 5
STEADY_SECONDS: Final = TOKENS / RATE - 4


@dataclass(frozen=True)
class Cost:
    """Microseconds of CPU per token, over whole answers and in the middle of them; p99 delay in milliseconds."""

    whole: float
    steady: float
    delay: float


def measure(stage: Stage) -> list[Figure]:
    """Compare the two in the middle of their answers; what a message costs besides is measured elsewhere."""
    with stage.agent() as agent, stage.parley() as parley, stage.baseline() as baseline:
        url = f"{agent.base_url}/?tokens={TOKENS}&rate={RATE}"
        chats = {door: door.chats(url, STREAMS) for door in (parley, baseline)}
        for door in chats:
            _warm_up(door, f"{agent.base_url}/?tokens=50&rate=200")
        costs: dict[Door, list[Cost]] = {parley: [], baseline: []}
        for _ in range(stage.rounds):
            for door in (parley, baseline):
                costs[door].append(uvloop.run(_stream(door, chats[door])))
    ours, theirs = costs[parley], costs[baseline]
    pairs = list(zip(ours, theirs, strict=True))
    return [
        Figure("CPU per token, ratio of the pairs", [our.steady / their.steady for our, their in pairs], "", 0.35),
        Figure("Parley", [cost.steady for cost in ours], "µs"),
        Figure("plain relay", [cost.steady for cost in theirs], "µs"),
        Figure("whole answers by their tokens, ratio", [our.whole / their.whole for our, their in pairs], ""),
        Figure("Parley, whole answers", [cost.whole for cost in ours], "µs"),
        Figure("plain relay, whole answers", [cost.whole for cost in theirs], "µs"),
        Figure("Parley, p99 delay", [cost.delay for cost in ours], "ms"),
        Figure("plain relay, p99 delay", [cost.delay for cost in theirs], "ms"),
    ]


def _warm_up(door: Door, url: str) -> None:
    uvloop.run(_read(door, door.chats(url, WARM_UP)))


async def _read(door: Door, chats: list[str]) -> None:
    await ends(await open_streams(door.server.port, [door.send(chat) for chat in chats], Tape()))


async def _stream(door: Door, chats: list[str]) -> Cost:
    server, tape = door.server, Tape()
    requests = [door.send(chat) for chat in chats]
    begun = server.cpu()
    streams = await open_streams(server.port, requests, tape)
    await asyncio.sleep(1)
    cpu, tokens = server.cpu(), sum(stream.tokens for stream in streams)
    await asyncio.sleep(STEADY_SECONDS)
    steady = (server.cpu() - cpu) / max(1, sum(stream.tokens for stream in streams) - tokens)
    total = await ends(streams)
    if total != STREAMS * TOKENS:
        raise RuntimeError(f"{total} tokens came of {STREAMS * TOKENS}.")
    whole = (server.cpu() - begun) / total
    return Cost(whole * 1e6, steady * 1e6, percentile(tape.delays, 99) / 1000)
