"""Drive one run: call the agent, let its text grow, book the end. Nobody who reads has a hand in it."""

import asyncio
import logging
import re
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from agents import breaker
from agents.breaker import Health
from agents.caller import Outcome, call_agent
from agents.exceptions import AgentError
from agents.kinds import Call
from agents.kinds.http import masked
from agents.models import RunStatus
from agents.relay import ledger
from agents.relay.doorkeeper import Doorkeeper
from agents.relay.ledger import Closing
from agents.relay.transcript import Ending, Transcript
from agents.wire import Notice, Replace, Text
from tenants.database import in_database

logger = logging.getLogger(__name__)
STOPPED = Ending(RunStatus.STOPPED)
COMPLETE = Ending(RunStatus.COMPLETE)
BOOKING_TRIES = 12
UNKNOWN_CONVERSATION = re.compile(r"\b(?:conversation|context)\b.{0,60}\bnot (?:exist|found)", re.IGNORECASE)


@dataclass
class LiveRun:
    """A run that this process owns.

    `cut` says why it was ended early: a person's stop and a shutdown are different ends. The task is cancelled only
    while it waits in line or listens to the agent: before, it looks at `cut` itself, and afterwards the end must be
    booked.
    """

    run_id: UUID
    team_id: UUID
    call: Call
    transcript: Transcript
    is_waiting: bool = False
    is_trial: bool = False
    outcome: Outcome = field(default_factory=Outcome)
    first_text_at: datetime | None = None
    cut: Ending | None = None
    listening: bool = False
    task: asyncio.Task[None] | None = None
    saved: tuple[int, int, int] = (0, 0, 0)

    def cancel(self, ending: Ending) -> None:
        """End the run early; the first reason given counts."""
        if self.cut is None:
            self.cut = ending
            if self.listening and self.task is not None:
                self.task.cancel()

    def unsaved(self) -> ledger.Progress:
        """Return what a snapshot has to save."""
        transcript, notices = self.transcript, self.transcript.notices
        before, self.saved = self.saved, (transcript.revision, len(transcript), notices.edition)
        has_grown = self.saved[:2] != before[:2]
        return ledger.Progress(
            self.run_id,
            transcript.text if has_grown else None,
            transcript.revision,
            first_text_at=self.first_text_at if has_grown and before[:2] <= (0, 0) else None,
            notices=notices.kept() if self.saved[2] != before[2] else None,
            is_trial=self.is_trial,
        )


async def drive(run: LiveRun, doorkeeper: Doorkeeper | None = None) -> None:
    """Call the agent when it is its turn, and keep its answer whatever happens; never raises."""
    diagnosis, health = "", Health.UNKNOWN
    try:
        if run.cut is None:
            run.listening = True
            if run.is_waiting:
                await (doorkeeper or Doorkeeper()).wait(run.run_id, run.team_id, run.transcript, is_trial=run.is_trial)
                run.is_waiting = False
            await _listen(run)
            health = Health.WELL
        ending = run.cut or COMPLETE
    except asyncio.CancelledError:
        ending = run.cut or ledger.INTERRUPTED
    except AgentError as error:
        ending = Ending(RunStatus.FAILED, error.public_code, error.sentence)
        diagnosis = masked(f"{error.code}: {error.diagnosis}", run.call)
        run.outcome.http_status = error.http_status or run.outcome.http_status
        # A conversation that is gone says nothing of the agent: the next question begins another.
        health = Health.UNKNOWN if _conversation(run, diagnosis) == "" else breaker.verdict(error)
    except Exception:
        logger.exception("Run %s failed in a way nobody foresaw.", run.run_id)
        fault = AgentError("agent_failed", "Parley itself failed; the operator's log says where.")
        ending = Ending(RunStatus.FAILED, fault.public_code, fault.sentence)
        diagnosis = fault.diagnosis
    finally:
        run.listening = False
        run.call = replace(run.call, messages=[])  # they may hold files, and what has ended is kept for a while
    run.transcript.notices.close()
    run.transcript.flush()
    await _book(run, ending, diagnosis, health)
    run.transcript.end(ending)


async def _listen(run: LiveRun) -> None:
    async with aclosing(call_agent(run.call, run.outcome)) as events:
        async for event in events:
            match event:
                case Notice():
                    run.transcript.note(event)
                    continue
                case Text():
                    run.transcript.notices.thought()
                    run.transcript.append(event.text)
                case Replace():
                    run.transcript.notices.thought()
                    run.transcript.replace(event.text)
            run.first_text_at = run.first_text_at or timezone.now()


def _conversation(run: LiveRun, diagnosis: str) -> str | None:
    """Return what the agent's side calls the conversation, "" when it knows none by the name it was given."""
    if run.outcome.conversation_id:
        return run.outcome.conversation_id
    return "" if run.call.their_conversation_id and UNKNOWN_CONVERSATION.search(diagnosis) else None


async def _book(run: LiveRun, ending: Ending, diagnosis: str, health: Health) -> None:
    """Book the end; a database that is away for a while is waited for, since the text exists only here."""
    closing = Closing(
        run_id=run.run_id,
        team_id=run.team_id,
        text=run.transcript.text,
        revision=run.transcript.revision,
        notices=run.transcript.notices.kept(),
        ending=ending,
        diagnosis=diagnosis,
        first_text_at=run.first_text_at,
        outcome=run.outcome,
        health=health,
        is_trial=run.is_trial,
        conversation_id=_conversation(run, diagnosis),
    )
    for attempt in range(BOOKING_TRIES):
        try:
            return await in_database(ledger.close_run, closing)
        except Exception:
            logger.exception("The end of run %s could not be booked (try %d).", run.run_id, attempt + 1)
            await asyncio.sleep(min(8, 0.25 * 2**attempt))
    return None
