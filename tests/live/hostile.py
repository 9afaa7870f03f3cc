"""Agents that do everything wrong, each at a path of its own, on a real port."""

import asyncio
import gzip
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

MIB: Final = 2**20
FLOOD: Final = 100 * MIB
PIECE: Final = 64 * 1024
WAIT_SECONDS: Final = 20
TICK: Final = 0.05
KEEP_ALIVE: Final = b": nothing to say, but still there\n\n"
UNKNOWN: Final = b'data: {"type": "never-heard-of", "n": 12345}\n\n'

Writer = asyncio.StreamWriter
Answer = Callable[[Writer], Awaitable[None]]


def head(content_type: str = "text/event-stream", status: str = "200 OK", **fields: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join([*lines, "", ""]).encode()


CHUNKED: Final = head(Transfer_Encoding="chunked")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def says(data: bytes) -> Answer:
    """Send these bytes and close."""

    async def answer(writer: Writer) -> None:
        writer.write(data)
        await writer.drain()

    return answer


def says_then_hangs(data: bytes) -> Answer:
    async def answer(writer: Writer) -> None:
        writer.write(data)
        await asyncio.sleep(WAIT_SECONDS)

    return answer


def dribbles(piece: bytes) -> Answer:
    """Send a few bytes again and again, never enough."""

    async def answer(writer: Writer) -> None:
        writer.write(CHUNKED)
        while not writer.is_closing():
            writer.write(chunk(piece))
            await writer.drain()
            await asyncio.sleep(TICK)

    return answer


def floods(beginning: bytes, piece: bytes, end: bytes = b"") -> Answer:
    """Send 100 MB of the same, as fast as they are taken."""
    block = piece * (PIECE // len(piece) or 1)

    async def answer(writer: Writer) -> None:
        writer.write(beginning)
        for _ in range(FLOOD // len(block)):
            writer.write(block)
            await writer.drain()
        writer.write(end)

    return answer


def packed(data: bytes) -> Answer:
    body = gzip.compress(data, 1)
    return says(head(Content_Encoding="gzip", Content_Length=str(len(body))) + body)


ANSWERS: Final[dict[str, Answer]] = {
    "/hangs": says_then_hangs(b""),
    "/hangs-after-its-head": says_then_hangs(CHUNKED),
    "/says-a-byte-and-hangs": says_then_hangs(CHUNKED + chunk(b"d")),
    "/dribbles-nothing": dribbles(b":"),
    "/dribbles-keep-alives": dribbles(KEEP_ALIVE),
    "/dribbles-text": dribbles(b"data: x\n\n"),
    "/floods-text": floods(head("text/plain"), b"x"),
    "/floods-events": floods(head(), b'data: {"content": "some words of it "}\n\n'),
    "/floods-one-line": floods(head() + b'data: {"content": "', b"x"),
    "/floods-keep-alives": floods(head(), KEEP_ALIVE),
    "/floods-unknown-frames": floods(head(), UNKNOWN),
    "/floods-its-head": floods(b"HTTP/1.1 200 OK\r\n", b"X-Long: xxxxxxxxxxxxxxxxxxxx\r\n"),
    "/cuts-a-character": says(CHUNKED + chunk(b"data: Hello\n\n") + chunk("data: \u00e4".encode()[:-1])),
    "/packs": packed(b"data: Hello\n\n"),
    "/packs-a-bomb": packed(b"data: " + b"x" * FLOOD),
    "/packs-a-bomb-of-keep-alives": packed(KEEP_ALIVE * (FLOOD // len(KEEP_ALIVE))),
    "/promises-more": says(head("text/plain", Content_Length="99") + b"Hello"),
    "/promises-less": says(head("text/plain", Content_Length="5") + b"Hello and more than was promised"),
    "/redirects": says(head(status="302 Found", Location="http://169.254.169.254/", Content_Length="0")),
}


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Serve all of them; give the port."""

    async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
        with suppress(OSError):
            path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            gone = asyncio.create_task(reader.read())
            answer = asyncio.ensure_future(ANSWERS[path](writer))
            await asyncio.wait([gone, answer], return_when=asyncio.FIRST_COMPLETED)
            answer.cancel()
            await asyncio.gather(gone if gone.done() else asyncio.sleep(0), answer, return_exceptions=True)
            gone.cancel()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


@contextmanager
def hostile_agents() -> Iterator[str]:
    """Run them in a thread of their own; give the address that their paths follow."""
    started, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    ports: list[int] = []

    async def run() -> None:
        async with serving() as port:
            ports.append(port)
            started.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[run()], daemon=True)
    thread.start()
    assert started.wait(WAIT_SECONDS)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(WAIT_SECONDS)
