"""Two processes, one run: the owner feeds a mirror in the other over the channel layer.

The mirror says where it stands and what it wants; the owner sends what lies behind. The mirror repeats itself every
two seconds: that keeps the owner sending, fills a gap after a lost message, and notices an owner that is gone.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from agents.models import RunStatus
from agents.relay import ledger
from agents.relay.transcript import ENDED_ELSEWHERE, Cursor, Ending, Transcript
from tenants.database import in_team

logger = logging.getLogger(__name__)
RENEW_SECONDS = 2.0
FEED_SECONDS = 3 * RENEW_SECONDS
FEED_PAUSE_SECONDS = 0.05
MAX_NOTICES_A_MESSAGE = 10

Send = Callable[[str, dict[str, Any]], Awaitable[None]]


class Mirror:
    """A transcript of a run that another process owns, shared by all readers of this one."""

    def __init__(self, run_id: UUID, team_id: UUID, owner: str, send: Send) -> None:
        self.run_id, self.team_id, self.owner = run_id, team_id, owner
        self.transcript = Transcript(run_id, is_mirror=True)
        self.readers = 0
        self.task: asyncio.Task[None] | None = None
        self._send = send
        self._heard = False
        self._ask_again = asyncio.Event()

    async def follow(self) -> None:
        """Ask the owner until the run has ended, by its word or by the books."""
        gap = True
        while self.transcript.ending is None:
            self._heard = False
            self._ask_again.clear()
            await self._ask(gap=gap)
            gap = await self._gap_within(RENEW_SECONDS)
            if not self._heard:
                await self._look_into_the_books()

    def receive(self, message: dict[str, Any]) -> None:
        """Take in what the owner sent."""
        self._heard = True
        transcript, revision = self.transcript, message["revision"]
        offset, text = message["offset"], message["text"]
        if message["told"] > transcript.notices.version:
            self._ask_again.set()
            return
        transcript.join()
        transcript.stand(message["place"])
        if message["notices"]:
            transcript.notices.mirror(message["notices"])
            transcript.flush()
        if revision != transcript.revision and offset == 0:
            transcript.replace(text, revision)
        elif revision != transcript.revision or offset > len(transcript):
            self._ask_again.set()
            return
        elif added := text[len(transcript) - offset :]:  # most often the owner only says that it lives
            transcript.append(added)
        if ending := message.get("ending"):
            transcript.end(Ending(RunStatus(ending["status"]), ending["error_code"], ending["sentence"]))
            self._ask_again.set()

    async def _ask(self, *, gap: bool) -> None:
        transcript = self.transcript
        place = {"revision": transcript.revision, "offset": len(transcript), "told": transcript.notices.version}
        question = {"type": "relay.follow", "run": self.run_id.hex, "reply": ledger.PROCESS, "gap": gap, **place}
        try:
            await self._send(self.owner, question)
        except Exception:
            logger.exception("The owner of run %s could not be asked.", self.run_id)

    async def _gap_within(self, seconds: float) -> bool:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ask_again.wait()
                return True
        return False

    async def _look_into_the_books(self) -> None:
        try:
            running = await in_team(self.team_id, ledger.is_running, self.run_id)
        except Exception:
            logger.exception("The books could not be read for run %s.", self.run_id)
            return
        if not running and self.transcript.ending is None:
            self.transcript.end(ENDED_ELSEWHERE)


class Feed:
    """The owner's side: send one mirror what it lacks, as long as it keeps asking."""

    def __init__(self, transcript: Transcript, reply: str, send: Send) -> None:
        self.transcript, self.reply = transcript, reply
        self._send = send
        self._cursor = Cursor(transcript.run_id)
        self._told = 0
        self._place = 0
        self._deadline = 0.0
        self.task: asyncio.Task[None] | None = None

    async def asked(self, message: dict[str, Any]) -> None:
        """Note that the mirror is still there; after a gap go back to where it stands."""
        self._deadline = asyncio.get_running_loop().time() + FEED_SECONDS
        if message["gap"] and self.task is not None:
            self.task.cancel()
            self.task = None
        if self.task is None:
            self._cursor = Cursor(self.transcript.run_id, message["revision"], message["offset"])
            self._told = message["told"]
            self.task = asyncio.create_task(self._run())
        else:
            await self._say("", self._cursor.revision, self._cursor.offset)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        await self._say("", self._cursor.revision, self._cursor.offset)
        while loop.time() < self._deadline:
            piece = self.transcript.unseen(self._cursor)
            if self.transcript.noticed > self._told or self.transcript.place != self._place:
                await self._say("", self._cursor.revision, self._cursor.offset)
            elif piece is not None:
                self._cursor = piece.cursor  # before it is sent, since the mirror may meanwhile set it back
                await self._say(piece.text, piece.cursor.revision, piece.cursor.offset - len(piece.text))
                await asyncio.sleep(0 if self.transcript.unseen(self._cursor) else FEED_PAUSE_SECONDS)
            elif self.transcript.ending is not None:
                await self._say("", self._cursor.revision, self._cursor.offset, self.transcript.ending)
                return
            else:
                await self.transcript.wait(self._deadline - loop.time())

    async def _say(self, text: str, revision: int, offset: int, ending: Ending | None = None) -> None:
        rows = self.transcript.notices.since(self._told, MAX_NOTICES_A_MESSAGE)
        message: dict[str, Any] = {
            "type": "relay.text",
            "run": self.transcript.run_id.hex,
            "place": self.transcript.place,
            "told": self._told,
            "notices": [row.live() | {"version": row.version} for row in rows],
            "revision": revision,
            "offset": offset,
            "text": text,
        }
        self._told = rows[-1].version if rows else self._told
        self._place = self.transcript.place
        if ending is not None:
            words = {"status": str(ending.status), "error_code": ending.error_code, "sentence": ending.sentence}
            message["ending"] = words
        try:
            await self._send(self.reply, message)
        except Exception:
            logger.exception("A mirror of run %s could not be fed.", self.transcript.run_id)
