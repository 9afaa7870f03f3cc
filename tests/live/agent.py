"""A real HTTP agent whose every byte the test decides: it answers when told, and what it is told."""

import asyncio
import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

WAIT_SECONDS = 20


class AgentCall:
    """One request that reached the agent; the test writes its answer."""

    def __init__(self, loop: asyncio.AbstractEventLoop, writer: asyncio.StreamWriter, path: str, body: Any) -> None:
        self.path, self.body = path, body
        self.closed = threading.Event()
        self._loop, self._writer = loop, writer

    def begin(self, content_type: str = "text/event-stream", status: int = 200) -> "AgentCall":
        """Send the head of a chunked answer."""
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        return self.raw(head.encode())

    def say(self, text: str) -> "AgentCall":
        """Send a piece of text as the contract's event."""
        return self.chunk(f"data: {json.dumps({'content': text})}\n\n".encode())

    def chunk(self, data: bytes) -> "AgentCall":
        return self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> None:
        """Finish the answer and close; the other side may have, once it knew the end."""
        with suppress(ConnectionError):
            self.raw(b"0\r\n\r\n")
        self.hang_up()

    def hang_up(self) -> None:
        self._loop.call_soon_threadsafe(self._writer.close)

    def raw(self, data: bytes) -> "AgentCall":
        async def write() -> None:
            self._writer.write(data)
            await self._writer.drain()

        asyncio.run_coroutine_threadsafe(write(), self._loop).result(WAIT_SECONDS)
        return self


class LiveAgent:
    """A server on a loopback port; `call()` waits for the next request."""

    def __init__(self) -> None:
        self.calls: queue.Queue[AgentCall] = queue.Queue()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/agent"

    def call(self) -> AgentCall:
        return self.calls.get(timeout=WAIT_SECONDS)

    async def serve(self, ready: threading.Event, done: asyncio.Event) -> None:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await done.wait()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(line.split(":")[1] for line in head.split("\r\n") if line.lower().startswith("content-length"))
        sent = await reader.readexactly(int(length))
        body = sent if "multipart/form-data" in head else json.loads(sent)
        call = AgentCall(asyncio.get_running_loop(), writer, head.split(" ")[1], body)
        self.calls.put(call)
        await reader.read()
        call.closed.set()
        writer.close()


@contextmanager
def live_agent(agent: LiveAgent | None = None) -> Iterator[LiveAgent]:
    """Run an agent in a thread of its own."""
    agent, ready = agent or LiveAgent(), threading.Event()
    loop, done = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(agent.serve(ready, done))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(WAIT_SECONDS)
    try:
        yield agent
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(WAIT_SECONDS)
