"""What a crash costs: `kill -9` in the middle of an answer, a new start at once, a page that connects again."""

import asyncio
import json
import time
from dataclasses import dataclass
from typing import Final

import uvloop
from websockets.asyncio.client import connect

from bench.client import Tape, open_stream
from bench.door import Door
from bench.figures import Figure
from bench.stage import Stage
from bench.stamps import TOKEN_CHARS

RATE: Final = 100
SECONDS_BEFORE: Final = 6.3
PATIENCE_SECONDS: Final = 60
MOST_SECONDS: Final = 20
MOST_LOST_SECONDS: Final = 3


@dataclass(frozen=True)
class Crash:
    """Seconds until the page knows, and what is missing of the text that was seen."""

    seconds: float
    seen: int
    kept: int
    status: str


def measure(stage: Stage) -> list[Figure]:
    """Crash and recover, once a round."""
    with stage.agent() as agent, stage.parley() as parley:
        chats = parley.chats(f"{agent.base_url}/?tokens=100000&rate={RATE}", stage.rounds)
        crashes = [uvloop.run(_crash(parley, chat)) for chat in chats]
    wrong = {crash.status for crash in crashes} - {"interrupted"}
    if wrong:
        raise RuntimeError(f"An answer was left {wrong} after a crash.")
    lost = [(crash.seen - crash.kept) * TOKEN_CHARS for crash in crashes]
    return [
        Figure("the page knows", [crash.seconds for crash in crashes], "s", MOST_SECONDS),
        Figure("of the answer lost", [chars / TOKEN_CHARS / RATE for chars in lost], "s", MOST_LOST_SECONDS),
        Figure("characters lost", [float(chars) for chars in lost], ""),
    ]


async def _crash(door: Door, chat: str) -> Crash:
    stream = await open_stream(door.server.port, door.send(chat), Tape(running=False))
    await asyncio.sleep(SECONDS_BEFORE)
    door.server.kill()
    killed = time.monotonic()
    door.server.start()
    async with asyncio.timeout(PATIENCE_SECONDS):
        await _hear_the_end(door, chat)
    seconds = time.monotonic() - killed
    answer = door.messages(chat)[-1]
    return Crash(seconds, stream.tokens, len(answer["content"]) // TOKEN_CHARS, answer["status"])


async def _hear_the_end(door: Door, chat: str) -> None:
    address = f"{door.server.base_url.replace('http', 'ws')}/ws/chats/{chat}"
    origin = door.server.base_url
    headers = {"Cookie": door.cookies}
    async with connect(address, origin=origin, additional_headers=headers, max_size=None) as page:  # type: ignore[arg-type]
        async for frame in page:
            if json.loads(frame)["type"] in {"error", "done"}:
                return
