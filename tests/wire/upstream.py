"""A server that answers exactly the bytes a test wants, and remembers what it was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Upstream:
    """`requests` are heads and bodies as they came; `gone` is set once a client has closed its side."""

    port: int = 0
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/webhook/x"


@asynccontextmanager
async def upstream(answer: Answer | bytes) -> AsyncIterator[Upstream]:
    """Serve one answer on a free port: raw bytes, or a function that writes them."""
    served = Upstream()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(int(line[15:]) for line in head.split("\r\n") if line.lower().startswith("content-length:"))
            served.requests.append((head, await reader.readexactly(length)))
            if isinstance(answer, bytes):
                writer.write(answer)
            else:
                waiting = asyncio.create_task(reader.read())
                waiting.add_done_callback(lambda _: served.gone.set())
                await answer(writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()


def response(
    body: bytes | str, content_type: str = "application/json", status: str = "200 OK", extra: str = ""
) -> bytes:
    """Return a whole response with a Content-Length."""
    body = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def chunked(*pieces: bytes | str, content_type: str = "text/event-stream", end: bool = True) -> bytes:
    """Return a response in chunks; without `end` it is cut short."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode() + b"".join(chunk(piece) for piece in pieces) + (b"0\r\n\r\n" if end else b"")


def chunk(piece: bytes | str) -> bytes:
    piece = piece.encode() if isinstance(piece, str) else piece
    return b"%x\r\n%s\r\n" % (len(piece), piece)
