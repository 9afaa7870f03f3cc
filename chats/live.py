"""The finished blocks of a growing answer as HTML: each is rendered once, however many pages watch."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import ParamSpec, TypeVar
from uuid import UUID
from weakref import WeakValueDictionary

from agents.relay.transcript import Cursor
from chats.frames import Frame
from chats.markdown import finished_blocks, render

P = ParamSpec("P")
R = TypeVar("R")
_executor = ThreadPoolExecutor(max_workers=2, thread_name_prefix="parley-render")


@dataclass(frozen=True, slots=True)
class Blocks:
    """What a page adds to its rendered part, and the raw text that then follows; `count` is how many it has."""

    count: int
    html: str
    tail: str


class LiveAnswer:
    """One run's text and its rendered blocks, shared by the sockets of this process while any follows it."""

    _all: WeakValueDictionary[UUID, "LiveAnswer"] = WeakValueDictionary()

    def __init__(self) -> None:
        self.text = ""
        self.revision = 0
        self.blocks: list[tuple[int, str]] = []  # the offset after each block, and its HTML
        self._looked_at = 0
        self._lock = asyncio.Lock()

    @classmethod
    def of(cls, run_id: UUID) -> "LiveAnswer":
        """Return the one of a run."""
        return cls._all.setdefault(run_id, cls())

    def take(self, frame: Frame) -> Cursor:
        """Add what a `message` frame says beyond what another reader brought; return the place after it."""
        place, content = Cursor.parse(frame.id), frame.data["content"]
        if place.revision > self.revision:
            self.text, self.revision, self.blocks, self._looked_at = "", place.revision, [], 0
        if place.revision == self.revision and place.offset > len(self.text):
            self.text += content[len(self.text) - place.offset :]
        return place

    async def blocks_after(self, shown: int, place: Cursor) -> Blocks | None:
        """Return the blocks up to a reader's place that its page has not got; None if there are none."""
        async with self._lock:
            await self._render_finished()
        if place.revision != self.revision:
            return None
        ready = [block for block in self.blocks[shown:] if block[0] <= place.offset]
        if not ready:
            return None
        html = "".join(html for _, html in ready)
        return Blocks(shown + len(ready), html, self.text[ready[-1][0] : place.offset])

    async def _render_finished(self) -> None:
        if "\n" not in self.text[self._looked_at :]:
            return  # a block ends with a line
        self._looked_at = len(self.text)
        revision, done = self.revision, self.blocks[-1][0] if self.blocks else 0
        length, html = await rendering(_finished, self.text[done:])
        if length and revision == self.revision:
            self.blocks.append((done + length, html))


def _finished(text: str) -> tuple[int, str]:
    length = finished_blocks(text)
    return length, render(text[:length])


async def rendering(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Render in a thread that nothing else waits for: a hostile text takes long, and takes only its readers' time."""
    return await asyncio.get_running_loop().run_in_executor(_executor, partial(work, *args, **kwargs))
