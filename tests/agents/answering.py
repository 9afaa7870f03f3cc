"""Agents in a thread of their own, each of which answers whatever comes with the same bytes."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

from tests.wire.upstream import Answer, upstream

Answering = Callable[[Answer | bytes], str]


@contextmanager
def answering() -> Iterator[Answering]:
    """Give a function that opens an agent and returns its address."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def serve(answer: Answer | bytes) -> str:
        served = asyncio.run_coroutine_threadsafe(stack.enter_async_context(upstream(answer)), loop).result(10)
        return served.url

    async def close() -> None:
        await stack.aclose()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}))

    try:
        yield serve
    finally:
        asyncio.run_coroutine_threadsafe(close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
