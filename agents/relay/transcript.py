"""One growing text, and what is told beside it. The text is the log, and an offset is the cursor."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Self
from uuid import UUID

from agents.models import RunStatus
from agents.relay.notices import Notices, Row
from agents.wire import Notice

COALESCE_SECONDS = 0.05
MAX_PIECE_CHARS = 32_768  # what a stalled reader can hold up in a socket's buffer
CURSOR = re.compile(r"([0-9a-f]{32})-([0-9]{1,6})-([0-9]{1,10})")


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a run's text: how often it was replaced as a whole, and the characters read since."""

    run_id: UUID
    revision: int = 0
    offset: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a cursor; raise `ValueError` on anything else."""
        match = CURSOR.fullmatch(text)
        if match is None:
            raise ValueError("not a place in a stream")
        return cls(UUID(match[1]), int(match[2]), int(match[3]))

    def __str__(self) -> str:
        return f"{self.run_id.hex}-{self.revision}-{self.offset}"


@dataclass(frozen=True, slots=True)
class Piece:
    """The next a reader has not seen; `replaces` means instead of all before. `cursor` is the place after it."""

    text: str
    replaces: bool
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended; code and sentence are for whoever may read the chat.

    `elsewhere` means that this process only knows that it ended: how, and the rest of the text, is to be read where
    the text is kept.
    """

    status: RunStatus
    error_code: str = ""
    sentence: str = ""
    elsewhere: bool = False


ENDED_ELSEWHERE = Ending(RunStatus.INTERRUPTED, elsewhere=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run stands in the line before its agent; 0 is no longer in it."""

    number: int


class Transcript:
    """The text of one run in this process, and those who wait for more of it.

    Readers hold nothing here but a cursor, so a slow reader gets bigger pieces and costs nobody anything. Their
    wake-ups are coalesced: at once for the first piece after a pause, then at most every 50 ms. A mirror may still be
    behind a reader who comes from elsewhere; such a reader waits for it.
    """

    def __init__(self, run_id: UUID, *, text: str = "", revision: int = 0, is_mirror: bool = False) -> None:
        self.run_id = run_id
        self.is_mirror = is_mirror
        self.text = text
        self.revision = revision
        self.ending: Ending | None = None
        self.place = 0  # in the line before the agent, as far as it is known
        self.notices = Notices()
        self.noticed = 0  # the version of the notices that readers were woken for
        self._pending: list[str] = []
        self._waiters: set[asyncio.Future[bool]] = set()
        self._flushed_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self.text)

    def append(self, text: str) -> None:
        """Add to the text."""
        self._pending.append(text)
        self._schedule()

    def note(self, notice: Notice) -> None:
        """Add what the agent tells beside the text."""
        if self.notices.add(notice):
            self._schedule()

    def replace(self, text: str, revision: int | None = None) -> None:
        """Take all text back and begin again with another."""
        self._pending.clear()
        self.text = text
        self.revision = self.revision + 1 if revision is None else revision
        self._schedule()

    def stand(self, place: int) -> None:
        """Note the run's place in the line, 0 once it is not in it."""
        if place != self.place:
            self.place = place
            self.flush()

    def end(self, ending: Ending) -> None:
        """Close the text; readers get the rest and finish."""
        self.ending = ending
        self.flush()

    def flush(self) -> None:
        """Join what came to the text and wake the readers."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.join()
        self.noticed = self.notices.version
        self._flushed_at = asyncio.get_running_loop().time()
        for waiter in self._waiters:
            _tell(waiter, changed=True)

    def join(self) -> None:
        """Join what came to the text; readers are woken when their time has come."""
        if self._pending:
            self.text += "".join(self._pending)
            self._pending.clear()

    def _schedule(self) -> None:
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._flushed_at + COALESCE_SECONDS - loop.time()
        if wait <= 0:
            self.flush()
        else:
            self._timer = loop.call_later(wait, self.flush)

    async def wait(self, seconds: float | None = None) -> bool:
        """Sleep until something changes; False when the seconds passed first."""
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        # With `asyncio.timeout` a wake-up would cost half as much again.
        timer = None if seconds is None else loop.call_later(seconds, partial(_tell, waiter, changed=False))
        self._waiters.add(waiter)
        try:
            return bool(await waiter)
        finally:
            self._waiters.discard(waiter)
            if timer is not None:
                timer.cancel()

    async def ended(self) -> Ending:
        """Wait for the end."""
        while self.ending is None:
            await self.wait()
        return self.ending

    def unseen(self, cursor: Cursor) -> Piece | None:
        """Return what a reader at this place has not seen, a bounded piece of it; None if nothing."""
        if self.is_mirror and (cursor.revision, cursor.offset) > (self.revision, len(self.text)):
            return None
        replaces = cursor.revision != self.revision or cursor.offset > len(self.text)
        start = 0 if replaces else cursor.offset
        text = self.text[start : start + MAX_PIECE_CHARS]
        if not text and not replaces:
            return None
        return Piece(text, replaces, Cursor(self.run_id, self.revision, start + len(text)))

    async def read(
        self, cursor: Cursor, *, silence: float, place: int = 0
    ) -> AsyncIterator[Piece | Row | Place | None]:
        """Yield all from a place on, until the end; None after each `silence` seconds without anything.

        The notices come whole to each reader: all there are, and then those that change.
        """
        told = 0
        while True:
            if self.place != place:
                place = self.place
                yield Place(place)
            elif self.noticed > told:
                rows, told = self.notices.since(told), self.notices.version
                for row in rows:
                    yield row
            elif (piece := self.unseen(cursor)) is not None:
                cursor = piece.cursor
                yield piece
            elif self.ending is not None:
                return
            elif not await self.wait(silence):
                yield None


def _tell(waiter: asyncio.Future[bool], *, changed: bool) -> None:
    if not waiter.done():
        waiter.set_result(changed)
