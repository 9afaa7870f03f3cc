"""Drive one run: ask what is due until nothing is, or until something ends it. Nobody who looks on has a hand in it."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError

from benchsessions.running import books
from benchsessions.running.asking import Asker, Busy, Misaligned, Plan, bounded
from benchsessions.running.books import Owned, Question
from benchsessions.running.endings import DONE, FAULT, MISALIGNED, STOPPED, Ending, LeaseLost, RunOver
from benchsessions.running.endpoint import Endpoint
from benchsessions.running.loading import check, load
from benchsessions.running.patience import in_books, whole
from benchsessions.running.storing import Landed, keep_misaligned, store
from benchsessions.running.through_agent import ThroughAgent
from tenants.database import in_team

logger = logging.getLogger(__name__)
MOST_TRIES: Final = 6
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 60.0


async def drive(owned: Owned, hurried: asyncio.Event | None = None) -> None:
    """Ask the questions of a run and book its end, whatever happens; cut, leave it to whoever looks next.

    `hurried` is set by somebody of this process who wants it to stop.
    """
    try:
        plan = await in_books(owned, load, owned)
        ending = await Asking(plan, hurried or asyncio.Event()).carry_out()
    except RunOver as over:
        ending = over.ending
    except LeaseLost:
        logger.warning("The bench run %s was taken over, or cut short, by somebody else.", owned.run_id)
        return
    except asyncio.CancelledError:
        await in_team(owned.team_id, books.let_go, owned)
        raise
    except Exception:
        logger.exception("The bench run %s failed in a way nobody foresaw.", owned.run_id)
        ending = FAULT
    await in_books(owned, books.finish, owned, ending)


class Asking:
    """The workers of one run, which share what is left to ask, and who keeps their lease."""

    def __init__(self, plan: Plan, hurried: asyncio.Event) -> None:
        self._plan = plan
        self._hurried = hurried
        self._asker: Asker = Endpoint(plan) if plan.agent is None else ThroughAgent(plan)
        self._waiting = deque(plan.portions)
        self._brake = Brake()

    async def carry_out(self) -> Ending:
        """Ask all there is. Raises `RunOver` if it ends earlier, `LeaseLost`."""
        keeper: asyncio.Future[Any] = asyncio.create_task(self._keep())
        workers = [asyncio.create_task(self._work()) for _ in range(self._plan.max_concurrent)]
        working: asyncio.Future[Any] = asyncio.gather(*workers)
        try:
            await asyncio.wait((keeper, working), return_when=asyncio.FIRST_COMPLETED)
            endings = await (working if working.done() else keeper)
        finally:
            for task in (keeper, *workers):
                task.cancel()
            await asyncio.gather(keeper, *workers, working, return_exceptions=True)
        return STOPPED if STOPPED in endings else DONE

    async def _work(self) -> Ending:
        try:
            while self._waiting:
                await self._deal_with(self._waiting.popleft())
        except RunOver as over:
            if over.ending is not STOPPED:
                raise
            return STOPPED  # and the other workers wait for the answers that are on their way to them
        return DONE

    async def _deal_with(self, portion: list[UUID]) -> None:
        owned = self._plan.owned
        await self._brake.released()
        questions = await whole(in_books(owned, books.begin, owned, portion))
        if not questions:
            return
        try:
            landed = await asyncio.to_thread(bounded, await self._patiently(questions))
        except Misaligned as misaligned:
            ids = [question.item_id for question in questions]
            await whole(in_books(owned, keep_misaligned, owned, ids, misaligned.reply, misaligned.replaced_characters))
            raise RunOver(MISALIGNED) from None
        if ending := await whole(in_books(owned, store, owned, landed)):
            raise RunOver(ending)

    async def _patiently(self, questions: Sequence[Question]) -> list[Landed]:
        """Ask, and ask again after a pause for all workers as long as the service says that it has too much to do.

        Each pause is twice the last one, or longer where the service says so.
        """
        pause = FIRST_PAUSE
        for _ in range(MOST_TRIES):
            try:
                return await self._asker.ask(questions)
            except Busy as busy:
                landed = busy.landed
                self._brake.hold(min(LONGEST_PAUSE, max(pause, busy.seconds or 0)))
                pause *= 2
            await self._brake.released()
        return landed

    async def _keep(self) -> None:
        """Renew the lease, and look whether the run may go on; raise `RunOver` when it may not."""
        owned = self._plan.owned
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(settings.RUN_SNAPSHOT_SECONDS):
                    await self._hurried.wait()
            self._hurried.clear()
            try:
                is_stopping = await in_team(owned.team_id, books.renew, owned)
                await in_team(owned.team_id, check, owned)
            except DatabaseError:
                logger.exception("The lease of bench run %s could not be renewed; trying again.", owned.run_id)
                continue
            if is_stopping:
                self._brake.let_off()  # what is in flight is waited for, a pause is not


class Brake:
    """Holds up all workers of a run while the service asks for a pause."""

    def __init__(self) -> None:
        self._until = 0.0
        self._stopping = asyncio.Event()

    def hold(self, seconds: float) -> None:
        """Let nobody ask for some seconds from now."""
        self._until = max(self._until, asyncio.get_running_loop().time() + seconds)

    def let_off(self) -> None:
        """End the run for whoever waits now or later."""
        self._stopping.set()

    async def released(self) -> None:
        """Wait until asking is fine again; raise `RunOver` if somebody stopped the run."""
        loop = asyncio.get_running_loop()
        while loop.time() < self._until and not self._stopping.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._until):
                    await self._stopping.wait()
        if self._stopping.is_set():
            raise RunOver(STOPPED)
