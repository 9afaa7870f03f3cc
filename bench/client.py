"""The readers: raw HTTP streams, opened at a pace, each token noted with its delay."""

import asyncio
import socket
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.stamps import STAMP, now, since

OPEN_SECONDS: Final = 60
SMALL_BUFFER: Final = 4096
STAMP_CHARS: Final = 9


class BrokenStreamError(Exception):
    """Say that an answer did not come as it should have."""


@dataclass
class Tape:
    """What all readers of a measurement note together: microseconds of delay, while it runs."""

    running: bool = True
    delays: "array[int]" = field(default_factory=lambda: array("q"))


class Stream(asyncio.Protocol):
    """One request and its answer, read to the end of the connection."""

    def __init__(self, request: bytes, tape: Tape, *, reads: bool = True) -> None:
        loop = asyncio.get_running_loop()
        self.first = loop.create_future()
        self.ended = loop.create_future()
        self.tokens = 0
        self.first_delay = 0
        self._request, self._tape, self._reads = request, tape, reads
        self._beginning = b""
        self._rest = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self.sent_at = now()
        transport.write(self._request)
        if not self._reads:
            transport.pause_reading()
            self.first.set_result(None)

    def data_received(self, data: bytes) -> None:
        if not self.tokens:
            self._beginning += data
        data = self._rest + data
        end = 0
        for match in STAMP.finditer(data):
            self.tokens += 1
            if self._tape.running:
                self._tape.delays.append(since(int(match[1])))
            end = match.end()
        self._rest = data[end:][-STAMP_CHARS:]
        if end and not self.first.done():
            self.first_delay = since(self.sent_at)
            self.first.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.first.done():
            self._break()
        elif not self.ended.done():
            self.ended.set_result(None)

    def close(self) -> None:
        """Go away."""
        self._transport.close()

    def _break(self) -> None:
        for future in (self.first, self.ended):
            if not future.done():
                future.set_exception(BrokenStreamError(f"An answer broke: {self._beginning[:2000].decode()}"))
                future.exception()  # whoever waits gets it; nobody has to


async def open_stream(port: int, request: bytes, tape: Tape, *, reads: bool = True) -> Stream:
    """Send one request; return once its first token is there."""
    stream = Stream(request, tape, reads=reads)
    connection = socket.socket()
    if not reads:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    connection.settimeout(0)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.create_connection(lambda: stream, sock=connection)
    async with asyncio.timeout(OPEN_SECONDS):
        await stream.first
    return stream


async def open_streams(port: int, requests: Sequence[bytes], tape: Tape, *, per_second: float = 0) -> list[Stream]:
    """Open streams at a pace, all at once without one; return when each has its first token."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        for request in requests:
            tasks.append(group.create_task(open_stream(port, request, tape)))
            if per_second:
                await asyncio.sleep(1 / per_second)
    return [task.result() for task in tasks]


async def ends(streams: Sequence[Stream]) -> int:
    """Wait for the ends; return how many tokens came."""
    await asyncio.gather(*(stream.ended for stream in streams))
    return sum(stream.tokens for stream in streams)
