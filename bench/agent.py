"""A mock agent: answers every POST with server-sent events, as fast or slow as its address says.

`/?tokens=1000&rate=100&first=0.5` waits half a second and gives 1,000 tokens, 100 a second; `rate=0` gives all at
once. `/?flood=...` gives these very words again and again, as fast as they are taken, and never ends. `POST /hush` lets
every answer under way end at once, well, and says how many have begun since it was last said.
"""

import asyncio
import sys
from typing import Final
from urllib.parse import parse_qsl, urlsplit

import uvloop

from bench.stamps import token

HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
HUSHED: Final = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n%d"
LAST: Final = b"0\r\n\r\n"
AT_ONCE: Final = 256
BLOCK: Final = 16 * 1024


def event() -> bytes:
    """Return one token as an event, in a chunk of its own."""
    return chunk(f'data: {{"content": "{token()}"}}\n\n')


def chunk(data: str) -> bytes:
    return f"{len(data):x}\r\n{data}\r\n".encode()


class Answer(asyncio.Protocol):
    """One connection with one answer."""

    under_way: set["Answer"] = set()
    begun = 0

    def __init__(self) -> None:
        self._received = b""
        self._timer: asyncio.TimerHandle | None = None
        self._block = b""
        self._is_full = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        target = urlsplit(head.split(b" ", 2)[1].decode())
        if target.path == "/hush":
            self._hush()
        else:
            self._begin(dict(parse_qsl(target.query)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.under_way.discard(self)
        if self._timer:
            self._timer.cancel()

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        if self._block:
            self._flood()

    def finish(self) -> None:
        """End the answer well."""
        if self._timer:
            self._timer.cancel()
        self.under_way.discard(self)
        self._transport.write(LAST)
        self._transport.close()

    def _begin(self, knobs: dict[str, str]) -> None:
        self.under_way.add(self)
        Answer.begun += 1
        self._left = int(knobs.get("tokens", 100))
        self._seconds = 1 / rate if (rate := float(knobs.get("rate", 0))) else 0.0
        self._due = self._loop.time() + float(knobs.get("first", 0))
        self._transport.write(HEAD)
        if flood := knobs.get("flood"):
            self._block = chunk(flood * (BLOCK // len(flood)))
            self._flood()
        else:
            self._go_on()

    def _go_on(self) -> None:
        """Write what is due; one that fell behind catches up."""
        written = 0
        while self._left and self._due <= self._loop.time() and written < AT_ONCE:
            self._transport.write(event())
            self._left -= 1
            self._due += self._seconds
            written += 1
        if self._left:
            self._timer = self._loop.call_at(self._due, self._go_on)
        else:
            self.finish()

    def _flood(self) -> None:
        while not (self._is_full or self._transport.is_closing()):
            self._transport.write(self._block)

    def _hush(self) -> None:
        for answer in list(self.under_way):
            answer.finish()
        self._transport.write(HUSHED % Answer.begun)
        self._transport.close()
        Answer.begun = 0


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int) -> None:
    """Answer on a loopback port for ever."""
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", port, backlog=2048)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
