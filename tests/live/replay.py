"""Many chats at once, each with an agent that answers bytes written down beforehand."""

import asyncio
import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.live.agent import LiveAgent, live_agent
from tests.live.people import Event, Person

CHATS_AT_ONCE = 8
CUTS = ("whole", "bytewise", "at-random")


@dataclass(frozen=True)
class Answer:
    """A response of an agent; `succeeds` tells whether it is to become a good answer."""

    name: str
    body: bytes
    headers: dict[str, str]
    succeeds: bool
    status: int = 200

    def pieces(self, cut: str) -> list[bytes]:
        """Return the body as the chunks of a response."""
        size = len(self.body)
        dice = random.Random(self.name)
        places = {"whole": [], "bytewise": range(size), "at-random": dice.choices(range(size + 1), k=1 + size // 20)}
        bounds = pairwise(sorted({0, *places[cut], size}))
        return [self.body[start:stop] for start, stop in bounds]

    def response(self, cut: str) -> Iterator[bytes]:
        """Yield the bytes of the response, each piece as a chunk."""
        headers = {**self.headers, "Transfer-Encoding": "chunked"}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        yield f"HTTP/1.1 {self.status} X\r\n{head}\r\n".encode()
        for piece in self.pieces(cut):
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
        yield b"0\r\n\r\n"


@dataclass
class Replayed:
    """What a person got: the events as they came, and the answer that was kept."""

    events: list[Event] = field(default_factory=list)
    text: str = ""
    kept: dict[str, Any] = field(default_factory=dict)


class Replayer(LiveAgent):
    """Answers at once, with what the message asks for: the name of an answer and a cut."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__()
        self._answers = {answer.name: answer for answer in answers}

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length"))
        body = json.loads(await reader.readexactly(int(length)))
        name, cut = body["chatInput"].split()
        with suppress(ConnectionError):  # the other side may leave once it knows the end
            for data in self._answers[name].response(cut):
                writer.write(data)
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()


def replay(answers: list[Answer], user: Person, admin: Person) -> dict[tuple[str, str], Replayed]:
    """Let every answer be given to the person, in every cut; return what became of each."""
    with live_agent(Replayer(answers)) as agent, ThreadPoolExecutor(CHATS_AT_ONCE) as threads:

        def add_agent(_: object = None) -> str:
            fields = {"name": "Replayer", "kind": "webhook", "webhook_url": agent.url}
            return str(admin.post("/api/agents", json=fields).raise_for_status().json()["id"])

        # What fails has an agent of its own: one that fails again and again is left alone for a while.
        good = add_agent()
        failing = [answer.name for answer in answers if not answer.succeeds]
        agents = dict(zip(failing, threads.map(add_agent, failing), strict=True))

        def one(place: tuple[Answer, str]) -> Replayed:
            answer, cut = place
            chat = user.new_chat(agents.get(answer.name, good))
            with user.sending(chat, f"{answer.name} {cut}") as reading:
                reading.rest()
            return Replayed(reading.seen, reading.text, user.messages(chat)[-1])

        places = [(answer, cut) for answer in answers for cut in CUTS]
        return {(answer.name, cut): seen for (answer, cut), seen in zip(places, threads.map(one, places), strict=True)}
