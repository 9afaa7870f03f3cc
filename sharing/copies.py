"""What is told to many in a room is made once: frames as JSON, messages as HTML."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, TypeVar

T = TypeVar("T")
MOST_KEPT: Final = 64


class Copies:
    """The last few things that were made, by what they were made of; lives on the event loop."""

    def __init__(self) -> None:
        self._texts: dict[Hashable, str] = {}
        self._works: dict[Hashable, asyncio.Task[str]] = {}

    def text(self, key: Hashable, make: Callable[[], str]) -> str:
        """Return what `make` gives, or gave for the same key."""
        text = self._texts.get(key)
        if text is None:
            text = self._texts[key] = make()
            _forget_the_oldest(self._texts)
        return text

    async def work(self, key: Hashable, make: Callable[[], Awaitable[str]]) -> str:
        """The same for what takes a while: who asks meanwhile waits for the same; what failed is tried again."""
        task = self._works.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._works[key] = asyncio.ensure_future(_result_of(make))
            _forget_the_oldest(self._works)
        return await asyncio.shield(task)  # one who leaves takes nothing from the others


async def _result_of(make: Callable[[], Awaitable[str]]) -> str:
    return await make()


def _forget_the_oldest(kept: dict[Hashable, T]) -> None:
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]
