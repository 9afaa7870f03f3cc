"""Several async iterators read as one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Merged(Generic[T]):
    """Yield what any of several iterators gives, whichever is first; each is one step ahead at most."""

    def __init__(self) -> None:
        self._steps: dict[asyncio.Task[T], AsyncIterator[T]] = {}

    def add(self, iterator: AsyncIterator[T]) -> None:
        """Read one more."""
        self._steps[asyncio.create_task(_step(iterator))] = iterator

    async def __aiter__(self) -> AsyncIterator[T]:
        while self._steps:
            done, _ = await asyncio.wait(self._steps, return_when=asyncio.FIRST_COMPLETED)
            for step in done:
                iterator = self._steps.pop(step)
                if isinstance(step.exception(), StopAsyncIteration):
                    continue
                self.add(iterator)
                yield step.result()

    async def close(self) -> None:
        """Let go of all that are still read."""
        steps, self._steps = self._steps, {}
        for step in steps:
            step.cancel()
        if steps:
            await asyncio.wait(steps)


async def _step(iterator: AsyncIterator[T]) -> T:
    return await anext(iterator)
