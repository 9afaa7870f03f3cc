"""A shared answer: what each visitor adds who watches the one answer of a chat, through a page or a stream."""

import asyncio
from collections.abc import Callable
from typing import Final

import httpx
import uvloop

from bench.client import Tape, ends, open_stream, open_streams
from bench.door import Door, request, socket_request
from bench.figures import Figure, percentile
from bench.scenarios.live import ENDLESS, RATE, SETTLE_SECONDS, WATCHED_SECONDS, hush
from bench.servers import Server, on_a_core_of_its_own
from bench.stage import Stage

VISITORS: Final = (1, 100, 500)
PROGRAMS: Final = 500
CHAT_PAGES: Final = 100
MOST_AT_A_LINK: Final = 1000
# Nobody here answers the server's pings: all must be seen before it gives up the first, after 40 seconds.
OPENED_PER_SECOND: Final = 40
MOST_DELAY: Final = 100.0

Requests = Callable[[Door, str, int], list[bytes]]


def measure(stage: Stage) -> list[Figure]:
    """Let more and more visitors watch, then programs, then the pages of the chat itself to compare with."""
    figures, costs = [], {}
    crowds: list[tuple[str, Requests, int]] = [
        *[("visitors' pages", _pages, count) for count in VISITORS],
        ("programs' streams", _streams, PROGRAMS),
        ("pages of the chat", _chat_pages, CHAT_PAGES),
    ]
    with stage.agent() as agent:
        for what, requests_of, count in crowds:
            with stage.parley() as parley:  # a new one: in memory that others left behind a crowd would cost nothing
                [chat] = parley.chats(f"{agent.base_url}/?tokens={ENDLESS}&rate={RATE}", 1)
                requests = requests_of(parley, chat, count)
                with on_a_core_of_its_own(parley.server, agent):
                    seen, cost = uvloop.run(_watch(parley, agent, chat, requests, f"{what} ({count})"))
            figures += seen
            costs[what, count] = cost
    ratio = costs["visitors' pages", CHAT_PAGES] / costs["pages of the chat", CHAT_PAGES]
    return [*figures, Figure(f"added CPU of {CHAT_PAGES}, visitors' pages against pages of the chat", [ratio], "")]


async def _watch(door: Door, agent: Server, chat: str, requests: list[bytes], name: str) -> tuple[list[Figure], float]:
    """Watch an answer without and with readers; return the figures and the CPU seconds that a reader adds a second."""
    server, port, count = door.server, door.server.port, len(requests)
    writer = await open_stream(port, door.send(chat), Tape(running=False))
    await asyncio.sleep(SETTLE_SECONDS)
    alone, memory = await _used(server), server.rss()
    tape = Tape(running=False)
    readers = await open_streams(port, requests, tape, per_second=OPENED_PER_SECOND)
    await asyncio.sleep(SETTLE_SECONDS)
    tape.running = True
    used = await _used(server)
    tape.running, memory = False, server.rss() - memory
    calls = await hush(agent)
    await ends([writer])
    for reader in readers:
        reader.close()
    delays, due = [delay / 1000 for delay in tape.delays], count * RATE * WATCHED_SECONDS
    cost = (used - alone) / count / WATCHED_SECONDS
    return [
        Figure(f"{name}, calls of the agent", [calls], "", 1),
        Figure(f"{name}, p99 delay", [percentile(delays, 99)], "ms", MOST_DELAY),
        Figure(f"{name}, median delay", [percentile(delays, 50)], "ms"),
        Figure(f"{name}, share of the tokens due that came", [100 * len(delays) / due], "%"),
        Figure(f"{name}, share of the core", [100 * used / WATCHED_SECONDS], "%"),
        Figure(f"{name}, the same without them", [100 * alone / WATCHED_SECONDS], "%"),
        Figure(f"{name}, added CPU of each, a second", [1000 * cost], "ms"),
        Figure(f"{name}, added CPU of each, a token", [1e6 * cost / RATE], "µs"),
        Figure(f"{name}, memory of each", [1024 * memory / count], "KB"),
    ], cost


async def _used(server: Server) -> float:
    """Return the CPU seconds that a server uses while it is watched."""
    before = server.cpu()
    await asyncio.sleep(WATCHED_SECONDS)
    return server.cpu() - before


def _pages(door: Door, chat: str, count: int) -> list[bytes]:
    link, seats = _seats(door, chat, count)
    path = f"/ws/share/{link}?html=1"
    return [socket_request(door.server.port, path, f"Authorization: Share {seat}") for seat in seats]


def _streams(door: Door, chat: str, count: int) -> list[bytes]:
    link, seats = _seats(door, chat, count)
    path = f"/mid/share/{link}/stream"
    return [request("GET", door.server.port, path, authorization=f"Share {seat}") for seat in seats]


def _chat_pages(door: Door, chat: str, count: int) -> list[bytes]:
    return [socket_request(door.server.port, f"/ws/chats/{chat}?html=1", f"Cookie: {door.cookies}")] * count


def _seats(door: Door, chat: str, count: int) -> tuple[str, list[str]]:
    """Share a chat and let people in; return the link's token and theirs."""
    shared = door.user.post(f"/mid/sessions/{chat}/share", json={"max_concurrent_users": MOST_AT_A_LINK})
    link = shared.raise_for_status().json()["share_token"]
    seats = []
    with httpx.Client(base_url=door.server.base_url) as stranger:
        for _ in range(count):
            seats.append(stranger.post(f"/mid/share/{link}/join").raise_for_status().json()["participant_token"])
            stranger.cookies.clear()
    return link, seats
